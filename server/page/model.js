/* SPDX-License-Identifier: Apache-2.0 */
/* Interprets the API's documents for an operator. Pure functions. */
import { parseTime, plural } from './format.js';

/* If a transaction is unfinished this long after its decision, a branch does not answer. */
const LATE_MS = 2000;

/* What needs attention, the worst first. `tone` is a class of style.css. */
export const CONCERNS = [
  {
    kind: 'MIXED', tone: 'danger', icon: 'stop', open: true, short: 'mixed',
    meaning: 'Some branches committed and some rolled back, or a branch ended against the '
      + 'decision. The data is inconsistent: compare all sides and repair it by hand.',
  },
  {
    kind: 'HAZARD', tone: 'danger', icon: 'stop', open: true, short: 'hazard',
    meaning: 'It is not known how a branch ended. Check its database or partner for its effects.',
  },
  {
    kind: 'NEEDS_OPERATOR', tone: 'danger', icon: 'alert', open: true,
    short: 'in need of an operator',
    meaning: 'A branch is unfinished long after the decision, or a partner refuses the decision. '
      + 'The coordinator keeps retrying: restore the database or partner, or finish the branch by '
      + 'hand.',
  },
  {
    kind: 'IN_DOUBT', tone: 'warn', icon: 'clock', open: false, short: 'in doubt',
    meaning: 'A branch has not acknowledged the decision and still holds its locks or reservation. '
      + 'The coordinator retries automatically: restore the database or partner.',
  },
];

const ENDED_BRANCH = new Set(['COMMITTED', 'ROLLED_BACK', 'READ_ONLY', 'REFUSED']);

export const hasEnded = (transaction) =>
  transaction.state === 'COMMITTED' || transaction.state === 'ROLLED_BACK';

/* Whether a branch may be waiting for the outcome. */
const isDecided = (transaction) =>
  ['DECIDING', 'COMMITTING', 'ROLLING_BACK'].includes(transaction.state);

const branchesOf = (transaction) => transaction.branches ?? [];

/* The branches because of which a transaction is unfinished, mixed or in hazard. */
export function culprits(transaction) {
  const heuristic = branchesOf(transaction).filter((branch) => branch.state === 'HEURISTIC');
  if (hasEnded(transaction)) return heuristic;
  return branchesOf(transaction).filter((branch) => !ENDED_BRANCH.has(branch.state));
}

const earliest = (times) => times.reduce(
  (least, at) => (at !== null && (least === null || at < least) ? at : least), null);

/* Since when a transaction needs attention: its decision, otherwise the times of its branches. */
export function since(transaction) {
  const branches = earliest(culprits(transaction).map((branch) => parseTime(branch.since)));
  if (transaction.state === 'DECIDING') return branches ?? parseTime(transaction.begun_at);
  return parseTime(transaction.decided_at) ?? branches ?? parseTime(transaction.begun_at);
}

/* The entry of CONCERNS that applies, or null. */
export function concern(transaction, now) {
  const kind = (name) => CONCERNS.find((one) => one.kind === name);
  if (transaction.outcome === 'MIXED') return kind('MIXED');
  if (transaction.outcome === 'HAZARD') return kind('HAZARD');
  if (branchesOf(transaction).some((branch) => branch.state === 'NEEDS_OPERATOR')) {
    return kind('NEEDS_OPERATOR');
  }
  const at = since(transaction);
  const isLate = isDecided(transaction) && at !== null && now - at > LATE_MS;
  return isLate ? kind('IN_DOUBT') : null;
}

const byAge = (age) => (a, b) =>
  (age(a) ?? Infinity) - (age(b) ?? Infinity) || (a.transaction < b.transaction ? -1 : 1);

/* The live transactions: those of concern in the order of CONCERNS, and the rest; oldest first. */
export function sortLive(transactions, now) {
  const groups = new Map(CONCERNS.map((one) => [one, []]));
  const running = [];
  for (const transaction of transactions) {
    const found = concern(transaction, now);
    if (found) groups.get(found).push(transaction);
    else if (!hasEnded(transaction)) running.push(transaction);
  }
  for (const group of groups.values()) group.sort(byAge(since));
  running.sort(byAge((transaction) => parseTime(transaction.begun_at)));
  return { groups, running };
}

/* The ended transactions, newest first. */
export function lastOutcomes(transactions, most) {
  const at = (transaction) => parseTime(transaction.decided_at) ?? 0;
  return transactions.filter(hasEnded).sort((a, b) => at(b) - at(a)).slice(0, most);
}

export const isUp = (place) => place.state === 'UP';

/* Sorts places with problems first, then by name. */
export function sortPlaces(places) {
  const rank = (place) => (isUp(place) ? (place.warnings ?? []).length === 0 : -1);
  return [...places].sort((a, b) => rank(a) - rank(b) || (a.name < b.name ? -1 : 1));
}

const MOST_NAMED = 3;

/* A one-line summary of the state, and its severity. */
export function verdict(groups, shot) {
  const parts = [];
  let tone = 'ok';
  for (const [one, group] of groups) {
    if (group.length === 0) continue;
    parts.push(`${group.length} ${one.short}`);
    tone = one.tone === 'danger' || tone === 'danger' ? 'danger' : 'warn';
  }
  const away = [...shot.resources, ...shot.partners].filter(
    (place) => place.state === 'DOWN' || place.state === 'BACKING_OFF');
  for (const place of away.slice(0, MOST_NAMED)) {
    parts.push(`${place.name} is ${place.state.replaceAll('_', ' ').toLowerCase()}`);
  }
  if (away.length > MOST_NAMED) parts.push(`${away.length - MOST_NAMED} more not answering`);
  const warned = shot.resources.filter((place) => (place.warnings ?? []).length > 0);
  if (warned.length > 0) parts.push(plural(warned.length, 'resource') + ' with warnings');
  if (away.length + warned.length > 0 && tone === 'ok') tone = 'warn';
  if (parts.length > 0) return { tone, text: parts.join(' · ') };
  if (shot.resources.length === 0) return { tone: 'info', text: 'No resource is configured yet' };
  return { tone, text: 'All clear: nothing in doubt, nothing mixed, no hazard' };
}
