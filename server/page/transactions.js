/* SPDX-License-Identifier: Apache-2.0 */
/* Draws the transactions: those that need attention, the running ones and the recent outcomes. */
import { badge, el, facts, foreign, table, time } from './dom.js';
import { countText, durationText, parseTime, plural, words } from './format.js';
import { culprits, since } from './model.js';

const MOST_OF_CONCERN = 20;
const MOST_RUNNING = 50;
const MOST_BRANCHES = 6;

const OUTCOMES = {
  COMMITTED: ['ok', 'check'], ROLLED_BACK: ['neutral', 'back'],
  MIXED: ['danger', 'stop'], HAZARD: ['danger', 'stop'], UNDECIDED: ['info', 'clock'],
};
const BRANCHES = {
  COMMITTED: ['ok', 'check'], ROLLED_BACK: ['neutral', 'back'], READ_ONLY: ['neutral', 'check'],
  REFUSED: ['neutral', 'back'], PREPARED: ['info', 'clock'], ACTIVE: ['info', 'play'],
  UNKNOWN: ['warn', 'clock'], HEURISTIC: ['danger', 'stop'], NEEDS_OPERATOR: ['danger', 'alert'],
};

function named(known, name) {
  const [tone, drawing] = known[name] ?? ['neutral', 'clock'];
  return badge(tone, drawing, words(name || 'UNKNOWN'));
}

/* Where a branch runs: a resource, or a partner's URL. */
const placeOf = (branch) => branch.resource || branch.url || '';

function link(transaction, text = transaction.gid) {
  const path = `/v1/transactions/${encodeURIComponent(transaction.gid)}`;
  return el('a', { class: 'gid', href: path, title: 'Show it in the API' },
    foreign(text));
}

function branchTable(transaction, now) {
  const rows = (transaction.branches ?? []).map((branch) => ({
    key: branch.name,
    cells: [
      foreign(branch.name),
      foreign(placeOf(branch)),
      named(BRANCHES, branch.state),
      time('ago', parseTime(branch.since), now),
      branch.detail ? foreign(branch.detail) : null,
      branch.xid ? el('code', null, foreign(branch.xid)) : null,
    ],
  }));
  return table(`Branches of ${transaction.gid}`,
    ['Branch', 'At', 'State', 'Since', 'Detail', 'XID'], rows);
}

/* The decision, if there is one; the state of a held transaction shows it too. */
function decisionText(transaction) {
  if (['COMMITTING', 'COMMITTED'].includes(transaction.state)) return 'to commit';
  if (['ROLLING_BACK', 'ROLLED_BACK'].includes(transaction.state)) return 'to roll back';
  return 'not known: a one-phase commit has not been answered';
}

function culpritLine(transaction) {
  const all = culprits(transaction);
  if (all.length === 0) return el('span', { class: 'culprits' }, foreign(transaction.detail));
  const first = all.find((branch) => branch.detail) ?? all[0];
  const where = placeOf(first) === first.name ? '' : ` at ${placeOf(first)}`;
  return el('span', { class: 'culprits' },
    foreign(`branch ${first.name}${where}`),
    first.detail ? [': ', foreign(first.detail, 200)] : null,
    all.length > 1 ? ` (and ${all.length - 1} more)` : null);
}

function concernItem(one, transaction, now) {
  return el('details', { 'data-key': transaction.transaction, open: one.open },
    el('summary', null,
      el('span', { class: 'gid' }, foreign(transaction.gid)),
      el('span', { class: 'age' }, time('for', since(transaction), now)),
      culpritLine(transaction)),
    el('div', { class: 'more' },
      facts([
        ['Decision', decisionText(transaction)],
        ['Decided', time('ago', parseTime(transaction.decided_at), now)],
        ['Begun', time('ago', parseTime(transaction.begun_at), now)],
        ['Reason', reason(transaction)],
        ['Decided by', decidedBy(transaction)],
        ['Detail', transaction.detail ? foreign(transaction.detail) : null],
        ['Transaction', link(transaction, transaction.transaction)],
      ]),
      branchTable(transaction, now)));
}

function concernGroup(one, group, now) {
  const hidden = group.length - MOST_OF_CONCERN;
  return el('section', { class: `concern ${one.tone}`, 'data-key': one.kind },
    el('h3', null, badge(`${one.tone} solid`, one.icon, words(one.kind)),
      el('span', { class: 'number' }, plural(group.length, 'transaction'))),
    el('p', { class: 'meaning' }, one.meaning),
    group.slice(0, MOST_OF_CONCERN).map((transaction) => concernItem(one, transaction, now)),
    hidden > 0 ? el('p', { class: 'note' },
      `The oldest ${MOST_OF_CONCERN} are shown; ${countText(hidden)} more: `,
      el('code', null, 'assent list --live')) : null);
}

/* Empty if no transaction needs attention: the summary above says so. */
export function attention(groups, now) {
  return [...groups].filter(([, group]) => group.length > 0)
    .map(([one, group]) => concernGroup(one, group, now));
}

function branchChips(transaction) {
  const branches = transaction.branches ?? [];
  if (branches.length === 0) return 'none yet';
  const items = branches.slice(0, MOST_BRANCHES).map((branch) =>
    el('li', { title: placeOf(branch) },
      foreign(branch.name), ' ', el('small', null, words(branch.state))));
  const rest = branches.length - items.length;
  return el('ul', { class: 'chips' }, items, rest > 0 ? el('li', null, `and ${rest} more`) : null);
}

const emptyState = (...text) => el('p', { class: 'none' }, text);

export function running(transactions, isCut, now) {
  if (transactions.length === 0) return [emptyState('Nothing is running at this moment.')];
  const rows = transactions.slice(0, MOST_RUNNING).map((transaction) => ({
    key: transaction.transaction,
    cells: [
      link(transaction),
      badge('info', 'play', words(transaction.state || 'UNKNOWN')),
      time('for', parseTime(transaction.begun_at), now),
      time('left', parseTime(transaction.deadline), now),
      branchChips(transaction),
    ],
  }));
  const hidden = transactions.length - rows.length;
  const more = hidden > 0 || isCut ? el('p', { class: 'note' },
    `The oldest ${rows.length} are shown; ${isCut ? 'at least ' : ''}${countText(hidden)} more: `,
    el('code', null, 'assent list --live')) : null;
  return [
    table('Running transactions', ['Transaction', 'State', 'For', 'Deadline', 'Branches'], rows),
    ...(more ? [more] : []),
  ];
}

/* "SQL ERROR", and below it "SQLSTATE 23505, code 7, statement 0" */
function reason(transaction) {
  const cause = transaction.cause;
  if (!cause) return null;
  const parts = [];
  if (cause.sqlstate) parts.push(`SQLSTATE ${cause.sqlstate}`);
  if (Number(cause.vendor_code ?? 0) !== 0) parts.push(`code ${cause.vendor_code}`);
  if (cause.statement !== undefined) parts.push(`statement ${cause.statement}`);
  const more = parts.length > 0 ? el('small', null, parts.join(', ')) : null;
  return [el('span', { class: 'word' }, words(cause.reason)), ' ', more];
}

function causeBranch(transaction) {
  const name = transaction.cause?.branch;
  if (!name) return null;
  const branch = (transaction.branches ?? []).find((one) => one.name === name);
  const place = branch ? placeOf(branch) : '';
  const at = place && place !== name ? el('small', null, 'at ', foreign(place)) : null;
  return [foreign(name), ' ', at];
}

function decidedBy(transaction) {
  const who = transaction.cause?.decided_by;
  return who ? el('span', { class: 'word' }, words(who)) : null;
}

function took(transaction) {
  const begun = parseTime(transaction.begun_at);
  const decided = parseTime(transaction.decided_at);
  if (begun === null || decided === null) return null;
  return el('span', { class: 'word' }, durationText(decided - begun));
}

function detailOf(transaction) {
  const again = transaction.cause?.may_retry ? el('small', { class: 'again' }, 'may be retried')
                                             : null;
  if (!transaction.detail && !again) return null;
  return [transaction.detail ? foreign(transaction.detail) : null, ' ', again];
}

export function outcomes(transactions, state, now) {
  if (transactions.length === 0) {
    return [state ? emptyState('No recent transaction has this outcome.') : emptyState(
      'Nothing has ended yet. To run a transaction in one call, use ',
      el('code', null, 'POST /v1/transactions:execute'), ' or ',
      el('code', null, 'assent execute FILE'), '.')];
  }
  const rows = transactions.map((transaction) => ({
    key: transaction.transaction,
    cells: [
      link(transaction),
      named(OUTCOMES, transaction.outcome),
      time('ago', parseTime(transaction.decided_at), now),
      took(transaction),
      reason(transaction),
      causeBranch(transaction),
      decidedBy(transaction),
      detailOf(transaction),
    ],
  }));
  return [table('Recent outcomes', ['Transaction', 'Outcome', 'Ended', 'Took', 'Reason', 'Branch',
    'Decided by', 'Detail'], rows)];
}
