/* SPDX-License-Identifier: Apache-2.0 */
/* Draws the resources and the partners. */
import { badge, el, facts, foreign, time } from './dom.js';
import { apiDurationText, count, countText, parseTime, words } from './format.js';
import { sortPlaces } from './model.js';

const STATES = {
  UP: ['ok', 'check'], DOWN: ['danger', 'stop'], UNKNOWN: ['neutral', 'clock'],
  BACKING_OFF: ['warn', 'alert'], PROBING: ['info', 'play'],
};

const EXAMPLE = `[[resource]]
name = "pc_game"
driver = "odbc"              # or "mysql", with a url
dialect = "postgresql"
dsn = "Driver=PostgreSQL Unicode;Server=127.0.0.1;Port=5432;Database=pc"
user = "coordinator"
password_env = "PC_PASSWORD"
`;

function head(place, kind) {
  const [tone, drawing] = STATES[place.state] ?? STATES.UNKNOWN;
  return el('h3', null, el('span', { class: 'name' }, foreign(place.name)),
    badge(tone, drawing, words(place.state || 'UNKNOWN')),
    kind ? el('small', null, foreign(kind)) : null);
}

/* A count that is highlighted if it is not zero. */
function notable(number, why) {
  if (count(number) === 0) return '0';
  return el('strong', { class: 'notable' }, `${countText(number)} `, el('small', null, why));
}

function pool(resource) {
  const used = count(resource.in_use);
  const size = count(resource.pool);
  const waiting = count(resource.waiting);
  const text = `${countText(used)} of ${countText(size)} in use`;
  return [
    el('progress', { max: Math.max(size, 1), value: used, 'aria-hidden': 'true' }),
    el('span', null, text),
    waiting > 0 ? el('strong', { class: 'notable' }, `, ${countText(waiting)} waiting`) : null,
  ];
}

function resourceCard(resource, now) {
  const warnings = resource.warnings ?? [];
  const scanned = time('ago', parseTime(resource.scanned_at), now);
  return el('article', { class: 'place', 'data-key': resource.name },
    head(resource, [resource.driver, resource.dialect].filter(Boolean).join(', ')),
    resource.detail ? el('p', { class: 'reason' }, foreign(resource.detail)) : null,
    facts([
      ['Pool', pool(resource)],
      ['In doubt', notable(resource.in_doubt, 'prepared by this coordinator at the last scan')],
      ['Foreign', notable(resource.foreign, 'prepared by others, never touched')],
      ['Scanned', scanned ?? 'not yet'],
      ['Witness table', resource.witness ? 'installed' : 'not installed'],
      ['Server', resource.server_version ? foreign(resource.server_version) : null],
      ['Identity', resource.identity ? el('code', null, foreign(resource.identity)) : null],
    ]),
    warnings.length === 0 ? null : el('div', { class: 'warnings' },
      el('h4', null, badge('warn', 'alert', 'WARNING')),
      el('ul', null, warnings.map((text) => el('li', null, foreign(text))))));
}

export function resources(all, now) {
  if (all.length > 0) return sortPlaces(all).map((resource) => resourceCard(resource, now));
  return [el('div', { class: 'none wide' },
    el('p', null, 'No resource is configured, so there is no database to run a branch in. ',
      'Add one to the configuration file, then restart the daemon with ',
      el('code', null, 'assentd --config FILE'), ':'),
    el('pre', { tabindex: 0 }, el('code', null, EXAMPLE)),
    el('p', null, el('code', null, 'docs/configuration.md'), ' lists all keys, and ',
      el('code', null, 'docs/operations.md'), ' says what the database needs.'))];
}

function partnerCard(partner) {
  const failures = count(partner.failures);
  return el('article', { class: 'place', 'data-key': partner.name },
    head(partner, null),
    facts([
      ['In flight', countText(partner.in_flight)],
      ['Waiting', countText(partner.waiting)],
      ['Failures', failures === 0 ? '0' : notable(failures, 'in a row')],
      ['Back-off', partner.back_off ? foreign(apiDurationText(partner.back_off)) : null],
      ['Last failure', partner.detail ? foreign(partner.detail) : null],
      ['Connections', `${countText(partner.idle)} idle, ${countText(partner.connects)} opened`],
      ['Requests', countText(partner.requests)],
    ]));
}

export function partners(all) {
  if (all.length > 0) return sortPlaces(all).map(partnerCard);
  return [el('p', { class: 'none wide' },
    'No partner over HTTP has been called since the coordinator started. ',
    'A partner appears here with its first branch.')];
}
