/* SPDX-License-Identifier: Apache-2.0 */
/* What the API's documents mean to whoever must look after the coordinator. Pure. */
import { parseTime, plural } from './format.js';

/* A decided transaction that is this old has a branch that does not answer. */
const LATE_MS = 2000;

/* What needs attention, the worst first. `tone` is a class of style.css. */
export const CONCERNS = [
  {
    kind: 'MIXED', tone: 'danger', icon: 'stop', open: true, short: 'mixed',
    meaning: 'Some branches committed and some rolled back, or a branch ended against the '
      + 'decision. The data is torn: compare both sides and repair it by hand.',
  },
  {
    kind: 'HAZARD', tone: 'danger', icon: 'stop', open: true, short: 'hazard',
    meaning: 'It is not known how a branch ended. Look there whether its effect is in the data.',
  },
  {
    kind: 'NEEDS_OPERATOR', tone: 'danger', icon: 'alert', open: true,
    short: 'in need of an operator',
    meaning: 'Unfinished long after the decision, or a partner refuses what was decided. It is '
      + 'asked again for ever: bring its database or partner back, or finish the branch by hand.',
  },
  {
    kind: 'IN_DOUBT', tone: 'warn', icon: 'clock', open: false, short: 'in doubt',
    meaning: 'A branch has not acknowledged, and holds its locks or its reservation meanwhile. It '
      + 'is asked again by itself: bring its database or partner back.',
  },
];

const ENDED_BRANCH = new Set(['COMMITTED', 'ROLLED_BACK', 'READ_ONLY', 'REFUSED']);

export const hasEnded = (transaction) =>
  transaction.state === 'COMMITTED' || transaction.state === 'ROLLED_BACK';

/* Whether two-phase commit has come as far as to leave somebody waiting for an outcome. */
const isDecided = (transaction) =>
  ['DECIDING', 'COMMITTING', 'ROLLING_BACK'].includes(transaction.state);

const branchesOf = (transaction) => transaction.branches ?? [];

/* The branches by whose fault a transaction is not done, or not done well. */
export function culprits(transaction) {
  const heuristic = branchesOf(transaction).filter((branch) => branch.state === 'HEURISTIC');
  if (hasEnded(transaction)) return heuristic;
  return branchesOf(transaction).filter((branch) => !ENDED_BRANCH.has(branch.state));
}

const earliest = (times) => times.reduce(
  (least, at) => (at !== null && (least === null || at < least) ? at : least), null);

/* Since when a transaction has been of concern: the decision, else what its branches say. */
export function since(transaction) {
  const branches = earliest(culprits(transaction).map((branch) => parseTime(branch.since)));
  if (transaction.state === 'DECIDING') return branches ?? parseTime(transaction.begun_at);
  return parseTime(transaction.decided_at) ?? branches ?? parseTime(transaction.begun_at);
}

/* One of CONCERNS, or null. */
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

/* What has ended, the last to end first. */
export function lastOutcomes(transactions, most) {
  const at = (transaction) => parseTime(transaction.decided_at) ?? 0;
  return transactions.filter(hasEnded).sort((a, b) => at(b) - at(a)).slice(0, most);
}

export const isUp = (place) => place.state === 'UP';

/* What is wrong comes first, then by name. */
export function sortPlaces(places) {
  const rank = (place) => (isUp(place) ? (place.warnings ?? []).length === 0 : -1);
  return [...places].sort((a, b) => rank(a) - rank(b) || (a.name < b.name ? -1 : 1));
}

const MOST_NAMED = 3;

/* One sentence about everything, and how bad it is. */
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
  if (away.length > MOST_NAMED) parts.push(`${away.length - MOST_NAMED} more do not answer`);
  const warned = shot.resources.filter((place) => (place.warnings ?? []).length > 0);
  if (warned.length > 0) parts.push(plural(warned.length, 'resource') + ' with warnings');
  if (away.length + warned.length > 0 && tone === 'ok') tone = 'warn';
  if (parts.length > 0) return { tone, text: parts.join(' · ') };
  if (shot.resources.length === 0) return { tone: 'info', text: 'No resource is configured yet' };
  return { tone, text: 'All clear: nothing in doubt, nothing mixed, no hazard' };
}
