/* SPDX-License-Identifier: Apache-2.0 */
/* A client of the coordinator's public API. */
import { count } from './format.js';

const TIMEOUT_MS = 10_000;
const LIVE_AT_ONCE = 1000;
const MOST_LIVE_PAGES = 10;
const ENDED = 100;

/* The coordinator answered with an error. */
export class Refused extends Error {
  constructor(status, problem) {
    super(problem?.detail || problem?.title || `status ${status}`);
    this.status = status;
  }
}

/* How far the coordinator's clock, which makes all timestamps, is ahead of this machine's. */
let offset = 0;
export const now = () => Date.now() + offset;

function learnClock(response) {
  const theirs = Date.parse(response.headers.get('Date') ?? '');
  if (Number.isNaN(theirs)) return;
  const apart = theirs - Date.now();
  offset = Math.abs(apart) > 2000 ? apart : 0;
}

async function get(path) {
  const response = await fetch(path, {
    cache: 'no-store',
    headers: { Accept: 'application/json' },
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  learnClock(response);
  const answer = await response.json().catch((failure) => {
    if (response.ok) throw failure;
    return null;
  });
  if (!response.ok) throw new Refused(response.status, answer);
  return answer;
}

/* All unfinished and held transactions, page by page; `more` is true if there are others. */
async function live() {
  const transactions = [];
  let next = '';
  for (let page = 0; page < MOST_LIVE_PAGES; ++page) {
    const before = next ? `&before=${encodeURIComponent(next)}` : '';
    const answer = await get(`/v1/transactions?live=true&limit=${LIVE_AT_ONCE}${before}`);
    transactions.push(...(answer.transactions ?? []));
    next = answer.next ?? '';
    if (!next) break;
  }
  return { transactions, more: next !== '' };
}

/* Everything that the page shows, as of one moment. `state` filters the outcomes; empty: all. */
export async function snapshot(state) {
  const wanted = state ? `&state=${encodeURIComponent(state)}` : '';
  const [running, recent, places] = await Promise.all([
    live(), get(`/v1/transactions?limit=${ENDED}${wanted}`), get('/v1/resources')]);
  return {
    at: now(),
    live: running.transactions,
    liveIsCut: running.more,
    recent: recent.transactions ?? [],
    resources: places.resources ?? [],
    partners: (places.partners ?? []).map((partner) => ({
      ...partner, requests: count(partner.requests), connects: count(partner.connects),
    })),
  };
}
