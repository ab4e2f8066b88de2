// The player remembers where you were in this dub and how fast you like to watch.
const SAVE_EVERY_S = 3;
const FORGET_NEAR_END_S = 10;

const place = document.querySelector("[data-player]");
const media = place.querySelector("[data-media]");
const key = `position:${place.dataset.id}`;

function recall(name) {
  try {
    return localStorage.getItem(name);
  } catch {
    return null; // storage is blocked: nothing is remembered
  }
}

function remember(name, value) {
  try {
    localStorage.setItem(name, value);
  } catch {
    // storage is blocked: nothing is remembered
  }
}

function setSpeed(speed) {
  media.defaultPlaybackRate = media.playbackRate = Number(speed);
  remember("speed", speed);
}

function savePosition() {
  const isNearEnd = media.duration - media.currentTime < FORGET_NEAR_END_S;
  remember(key, isNearEnd ? "0" : String(Math.floor(media.currentTime)));
}

function followSpeed() {
  const speeds = place.querySelector("[data-speeds]");
  const saved = [...speeds.querySelectorAll("input")].find((input) => input.value === recall("speed"));
  speeds.hidden = false;
  if (saved) {
    saved.checked = true;
    setSpeed(saved.value);
  }
  speeds.addEventListener("change", (event) => setSpeed(event.target.value));
}

function followPosition() {
  let saved = 0;
  media.addEventListener("loadedmetadata", () => {
    const position = Number(recall(key));
    if (position > 0 && position < media.duration - FORGET_NEAR_END_S) media.currentTime = position;
  }, { once: true });
  media.addEventListener("timeupdate", () => {
    if (Math.abs(media.currentTime - saved) < SAVE_EVERY_S) return;
    saved = media.currentTime;
    savePosition();
  });
}

if (media) {
  followSpeed();
  followPosition();
}
