/* SPDX-License-Identifier: Apache-2.0 */
/* Requests the data every two seconds, draws it, and shows its age. */
import { Refused, now, snapshot } from './api.js';
import { badge, el, patch, tick, time } from './dom.js';
import { clockText, countText } from './format.js';
import { isUp, lastOutcomes, sortLive, verdict } from './model.js';
import { partners, resources } from './places.js';
import { attention, outcomes, running } from './transactions.js';

const EVERY_MS = 2000;
const MOST_OUTCOMES = 40;
const VERDICT_WORDS = { ok: 'OK', info: 'NOTE', warn: 'ATTENTION', danger: 'ATTENTION' };
const MOST_WAIT_MS = 20_000;

const byId = (id) => document.getElementById(id);
const fill = (id, ...nodes) => patch(byId(id), nodes.flat().filter((node) => node !== null));

/* The state of the connection to the coordinator. `turn` identifies answers that are outdated. */
const link = { goodAt: null, lostAt: null, failure: null, isPaused: false, turn: 0, timer: 0 };
const wantedState = () => document.querySelector('input[name="outcome"]:checked').value;

function failureText() {
  const since = clockText(link.lostAt);
  if (link.failure instanceof Refused) {
    return link.failure.status === 503
      ? `The coordinator has not been ready since ${since}: ${link.failure.message}.`
      : `The coordinator has refused requests since ${since}, status ${link.failure.status}: `
        + `${link.failure.message}.`;
  }
  if (link.failure.name === 'TimeoutError') {
    return `The coordinator has not answered since ${since}.`;
  }
  return link.failure instanceof SyntaxError
    ? `Since ${since} the answers have not come from the coordinator.`
    : `The coordinator has been unreachable since ${since}.`;
}

/* The texts change only with the link's state: a screen reader announces each change once. */
function drawLink() {
  const isLost = link.failure !== null;
  document.body.classList.toggle('stale', isLost || link.isPaused);
  fill('alert', isLost ? el('p', null, badge('danger solid', 'alert', 'STALE'),
    el('span', null, failureText(), ' ', link.goodAt === null ? 'No data has been received yet.'
      : `The data below is as of ${clockText(link.goodAt)}.`)) : null);
  const [tone, drawing, word] = isLost ? ['danger', 'alert', 'NO CONNECTION']
    : link.isPaused ? ['warn', 'pause', 'PAUSED']
    : link.goodAt === null ? ['neutral', 'clock', 'CONNECTING'] : ['ok', 'play', 'LIVE'];
  fill('link', badge(tone, drawing, word));
  fill('updated', link.goodAt === null ? null : el('span', null, 'updated ',
    time('ago', link.goodAt, now())));
}

function drawTiles(groups, others, shot) {
  const ofConcern = [...groups.values()].reduce((sum, group) => sum + group.length, 0);
  const up = (places) => `${places.filter(isUp).length} / ${places.length}`;
  byId('count-attention').textContent = countText(ofConcern);
  byId('count-running').textContent = countText(others.length) + (shot.liveIsCut ? '+' : '');
  byId('count-resources').textContent = shot.resources.length ? up(shot.resources) : '–';
  byId('count-partners').textContent = shot.partners.length ? up(shot.partners) : '–';
  return ofConcern;
}

function draw(shot) {
  const { groups, running: others } = sortLive(shot.live, shot.at);
  const said = verdict(groups, shot);
  const drawing = { ok: 'check', info: 'clock', warn: 'alert', danger: 'stop' }[said.tone];
  byId('verdict').className = said.tone;
  fill('verdict', badge(`${said.tone} solid`, drawing, VERDICT_WORDS[said.tone]),
    el('span', null, said.text));
  const ofConcern = drawTiles(groups, others, shot);
  byId('attention').hidden = ofConcern === 0;
  fill('attention-list', attention(groups, shot.at));
  fill('running-list', running(others, shot.liveIsCut, shot.at));
  const state = wantedState();
  fill('outcomes-list', outcomes(lastOutcomes(shot.recent, MOST_OUTCOMES), state, shot.at));
  fill('resources-list', resources(shot.resources, shot.at));
  fill('partners-list', partners(shot.partners));
  byId('main').hidden = false;
  document.title = `${ofConcern > 0 ? `(${ofConcern}) ` : ''}Assent · ${location.host}`;
}

function again(afterMs) {
  clearTimeout(link.timer);
  if (!link.isPaused && !document.hidden) link.timer = setTimeout(refresh, afterMs);
}

/* A slow answer was expensive to produce, so the next request waits longer. */
async function refresh() {
  const mine = ++link.turn;
  clearTimeout(link.timer);
  const began = performance.now();
  let shot = null;
  let failure = null;
  try {
    shot = await snapshot(wantedState());
  } catch (caught) {
    failure = caught;
  }
  if (mine !== link.turn) return;
  const took = performance.now() - began;
  again(failure ? EVERY_MS : Math.min(Math.max(EVERY_MS, 5 * took), MOST_WAIT_MS));
  if (failure) {
    if (link.failure === null) link.lostAt = now();
    link.failure = failure;
    document.title = `(!) Assent · ${location.host}`;
  } else {
    Object.assign(link, { goodAt: shot.at, lostAt: null, failure: null });
    draw(shot);
  }
  drawLink();
}

function pause(isPaused) {
  link.isPaused = isPaused;
  byId('pause').setAttribute('aria-pressed', String(isPaused));
  if (isPaused) {
    ++link.turn;
    clearTimeout(link.timer);
  } else {
    refresh();
  }
  drawLink();
}

function start() {
  byId('host').textContent = location.host;
  byId('pause').addEventListener('click', () => pause(!link.isPaused));
  byId('outcome-filter').addEventListener('change', () => refresh());
  document.addEventListener('visibilitychange', () => {
    if (document.hidden) clearTimeout(link.timer);
    else if (!link.isPaused) refresh();
  });
  setInterval(() => {
    if (!document.hidden) tick(now());
  }, 1000);
  drawLink();
  refresh();
}

start();
