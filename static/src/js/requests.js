// Requests to this server from a page: who asks, and what a refusal says.
const TOKEN_COOKIE = "csrftoken=";

/** From the cookie: the one in the page is old news once somebody signed in again in another tab. */
export function csrfToken() {
  const cookie = document.cookie.split("; ").find((part) => part.startsWith(TOKEN_COOKIE));
  return cookie?.slice(TOKEN_COOKIE.length) ?? document.querySelector("[name=csrfmiddlewaretoken]")?.value ?? "";
}

/** An answer other than the wanted one. `message` is the server's own words, empty where it had none. */
export class Refusal extends Error {
  constructor(status, words, retryAfter) {
    const problem = parsed(words);
    super(problem.detail ?? "");
    this.status = status;
    this.code = problem.code ?? "";
    this.retryAfterS = Number(retryAfter) || null;
  }
}

/** What only this device can know of a file: it was changed or moved, or the browser lost its leave to read it. */
export function unreadable() {
  return new Refusal(0, JSON.stringify({ code: "file.unreadable" }));
}

function parsed(words) {
  try {
    return JSON.parse(words) ?? {};
  } catch {
    return {}; // a page of a proxy in between
  }
}

/** The answer's JSON; null where it has none. Rejects with Refusal, or TypeError when nobody answered. */
export async function ask(method, path, { signal, body } = {}) {
  const headers = { Accept: "application/json", "X-CSRFToken": csrfToken() };
  if (body) headers["Content-Type"] = "application/json";
  const answer = await fetch(path, { method, headers, signal, body: body && JSON.stringify(body) });
  if (!answer.ok) throw new Refusal(answer.status, await answer.text(), answer.headers.get("Retry-After"));
  return answer.status === 204 ? null : answer.json();
}
