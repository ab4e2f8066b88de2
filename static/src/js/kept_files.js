// Files this browser can open again without asking: handles to picked ones, and what other apps shared.
const DATABASE = "dubbing-pipeline";
const STORE = "files";
const KEPT_MS = 7 * 24 * 3600 * 1000;

function settled(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

async function inStore(mode, work) {
  const opening = indexedDB.open(DATABASE, 1);
  opening.onupgradeneeded = () => opening.result.createObjectStore(STORE);
  const database = await settled(opening);
  try {
    return await settled(work(database.transaction(STORE, mode).objectStore(STORE)));
  } finally {
    database.close();
  }
}

/** `source` is a File or a FileSystemFileHandle. */
export function keep(key, source) {
  return inStore("readwrite", (store) => store.put({ source, keptMs: Date.now() }, key));
}

export async function find(key) {
  return (await inStore("readonly", (store) => store.get(key)))?.source;
}

export function forget(key) {
  return inStore("readwrite", (store) => store.delete(key));
}

/** All of it: somebody else may use this browser next. */
export function forgetAll() {
  return settled(indexedDB.deleteDatabase(DATABASE));
}

/** What nobody came back for. */
export async function forgetOld() {
  const keys = await inStore("readonly", (store) => store.getAllKeys());
  for (const key of keys) {
    const entry = await inStore("readonly", (store) => store.get(key));
    if (entry && Date.now() - entry.keptMs > KEPT_MS) await forget(key);
  }
}
