// Keeps the screen on while something is sent: a phone that goes to sleep stops sending.
let lock = null;
let isWanted = false;

async function renew() {
  if (!isWanted || document.hidden || (lock && !lock.released)) return;
  lock = await navigator.wakeLock.request("screen").catch(() => null); // low battery
  if (!isWanted) await lock?.release();
}

/** Browsers offer it on safe pages only. */
export function stayAwake(isNeeded) {
  if (!navigator.wakeLock || isNeeded === isWanted) return;
  isWanted = isNeeded;
  if (isNeeded) renew();
  else lock?.release();
}

document.addEventListener("visibilitychange", renew);
