/* SPDX-License-Identifier: Apache-2.0 */
/* Formats times and counts. Pure functions. */

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/* Parses an RFC 3339 time to milliseconds since 1970; null if it is missing or malformed. */
export function parseTime(text) {
  const ms = typeof text === 'string' ? Date.parse(text) : NaN;
  return Number.isNaN(ms) ? null : ms;
}

/* A count from JSON, where a 64-bit number may be a number or a string of digits. */
export function count(value) {
  const number = Number(value ?? 0);
  return Number.isFinite(number) ? number : 0;
}

const grouped = new Intl.NumberFormat('en');
export const countText = (value) => grouped.format(count(value));

/* "1 transaction", "2 transactions" */
export function plural(number, one, many = `${one}s`) {
  return `${countText(number)} ${number === 1 ? one : many}`;
}

/* At most two units: "<1 ms", "420 ms", "12 s", "3 min 5 s", "2 h 4 min". */
export function durationText(ms) {
  if (ms < 1) return '<1 ms';
  if (ms < SECOND) return `${Math.round(ms)} ms`;
  if (ms < 10 * SECOND) return `${(Math.floor(ms / 100) / 10).toFixed(1)} s`;
  return wholeText(ms);
}

function wholeText(ms) {
  const units = [[DAY, 'd'], [HOUR, 'h'], [MINUTE, 'min'], [SECOND, 's']];
  const first = units.findIndex(([size]) => ms >= size);
  if (first < 0) return '0 s';
  const [size, name] = units[first];
  const [nextSize, nextName] = units[first + 1] ?? [];
  const rest = nextSize ? Math.floor((ms % size) / nextSize) : 0;
  const text = `${Math.floor(ms / size)} ${name}`;
  return rest > 0 ? `${text} ${rest} ${nextName}` : text;
}

/* Formats a duration of the API ("12800ms", "1.5s") for people. */
export function apiDurationText(text) {
  const [, number, unit] = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/.exec(text ?? '') ?? [];
  if (number === undefined) return String(text ?? '');
  return durationText(Number(number) * { ms: 1, s: SECOND, m: MINUTE, h: HOUR }[unit]);
}

/* Formats a time relative to now, in one of three forms: "ago", "for" and "left". */
export function relativeText(form, at, now) {
  const passed = now - at;
  if (form === 'left') {
    return passed <= 0 ? `in ${wholeText(-passed)}` : `${wholeText(passed)} overdue`;
  }
  if (form === 'for') return wholeText(Math.max(0, passed));
  return passed < SECOND ? 'just now' : `${wholeText(passed)} ago`;
}

const local = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'long' });
const clock = new Intl.DateTimeFormat(undefined, { timeStyle: 'medium', hourCycle: 'h23' });

/* For the tooltip: in UTC, as in the log and the API, and in the browser's local time. */
export function absoluteText(at) {
  const utc = new Date(at).toISOString().replace('T', ' ').replace('Z', ' UTC');
  return `${utc} (${local.format(at)})`;
}

export const clockText = (at) => clock.format(at);

/* "NEEDS_OPERATOR" as "NEEDS OPERATOR": the API's names, easier to read. */
export const words = (name) => String(name ?? '').replaceAll('_', ' ');
