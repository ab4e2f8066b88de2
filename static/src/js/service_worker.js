// Keeps the looks of the site and one page that says the server cannot be reached; never a page of somebody's.
// Takes what other apps share and leads to the page that sends it. `SHELL` stands before this script (dubbing_site/pwa.py).
import { keep } from "./kept_files.js";

const { version, offline, share, start, assets } = self.SHELL;
const PREFIX = "shell-";
const CACHE = PREFIX + version;

async function fill() {
  const cache = await caches.open(CACHE);
  // Without cookies, so that nothing of the signed-in user can be in what is kept.
  const requests = [offline, ...assets].map((path) => new Request(path, { cache: "reload", credentials: "omit" }));
  await cache.addAll(requests);
}

async function clear() {
  const old = (await caches.keys()).filter((name) => name.startsWith(PREFIX) && name !== CACHE);
  await Promise.all(old.map((name) => caches.delete(name)));
  await self.clients.claim();
}

async function kept(path) {
  return (await (await caches.open(CACHE)).match(path)) ?? Response.error();
}

/** The server first: what is kept is for when there is none. */
async function fetched(request, path) {
  try {
    return await fetch(request);
  } catch {
    return kept(path);
  }
}

/** Another app's file waits in this browser; the page sends it by tus, so that it survives what a phone does. */
async function taken(request) {
  const key = `shared-${crypto.randomUUID()}`;
  try {
    const file = (await request.formData()).get("file");
    if (!(file instanceof File)) return Response.redirect(start, 303);
    await keep(key, file);
  } catch {
    return Response.redirect(`${start}?share=failed`, 303); // no room on this device
  }
  return Response.redirect(`${start}?shared=${key}`, 303);
}

self.addEventListener("install", (event) => event.waitUntil(fill().then(() => self.skipWaiting())));
self.addEventListener("activate", (event) => event.waitUntil(clear()));
self.addEventListener("fetch", (event) => {
  const { request } = event;
  const { origin, pathname } = new URL(request.url);
  if (origin !== self.location.origin) return;
  if (request.method === "POST" && pathname === share) event.respondWith(taken(request));
  if (request.method !== "GET") return;
  if (request.mode === "navigate") event.respondWith(fetched(request, offline));
  else if (assets.includes(pathname)) event.respondWith(fetched(request, pathname));
});
