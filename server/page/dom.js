/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Making elements and putting them in place.
 *
 * All that is shown may come from elsewhere (gids, details, names), so text enters the document as
 * text nodes only, and attributes by setAttribute; nothing here reads markup.
 */
import { absoluteText, relativeText } from './format.js';

/* Children are nodes, texts, arrays of them, or null for none. */
export function el(tag, attributes, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    node.setAttribute(name, value === true ? '' : String(value));
  }
  node.append(...children.flat(3).filter((child) => child !== null && child !== undefined));
  return node;
}

/* One of the drawings that index.html holds as templates. */
export function icon(name) {
  return document.getElementById(`icon-${name}`).content.firstElementChild.cloneNode(true);
}

/* Colour never stands alone: a badge has a drawing and the API's word. */
export function badge(tone, drawing, text) {
  return el('span', { class: `badge ${tone}` }, icon(drawing), el('span', null, text));
}

/* Text of others, which may be long or run from right to left. */
export function foreign(text, most = 1000) {
  const whole = String(text ?? '');
  return el('bdi', { class: 'foreign' }, whole.length > most ? `${whole.slice(0, most)}…` : whole);
}

export function time(form, at, now) {
  if (at === null) return null;
  const attributes = {
    datetime: new Date(at).toISOString(), title: absoluteText(at), 'data-form': form,
  };
  return el('time', attributes, relativeText(form, at, now));
}

/* Brings the texts of all times up to date; they grow while nothing new comes, too. */
export function tick(now) {
  for (const node of document.querySelectorAll('time[data-form]')) {
    const text = relativeText(node.dataset.form, Date.parse(node.dateTime), now);
    if (node.textContent !== text) node.textContent = text;
  }
}

/*
 * A table of `rows` ({key, cells}), whose first cells are headers. The roles are said because the
 * narrow layout shows rows as blocks, which takes them away; the labels are for that layout too.
 */
export function table(caption, columns, rows) {
  const head = columns.map((name) => el('th', { scope: 'col', role: 'columnheader' }, name));
  const body = rows.map(({ key, cells }) => el('tr', { role: 'row', 'data-key': key },
    cells.map((cell, i) => {
      const empty = cell === null || cell === '';
      const attributes = { 'data-label': columns[i], class: empty ? 'empty' : null };
      if (i === 0) return el('th', { ...attributes, scope: 'row', role: 'rowheader' }, cell);
      return el('td', { ...attributes, role: 'cell' }, el('div', null, empty ? '–' : cell));
    })));
  return el('table', { role: 'table' },
    el('caption', { class: 'hidden' }, caption),
    el('thead', { role: 'rowgroup' }, el('tr', { role: 'row' }, head)),
    el('tbody', { role: 'rowgroup' }, body));
}

/* Name and value pairs; those without a value are left out. */
export function facts(pairs) {
  const shown = pairs.filter(([, value]) => value !== null && value !== undefined && value !== '');
  return el('dl', { class: 'facts' },
    shown.map(([name, value]) => el('div', null, el('dt', null, name), el('dd', null, value))));
}

const isElement = (node) => node.nodeType === Node.ELEMENT_NODE;
const keyOf = (node) => (isElement(node) ? node.getAttribute('data-key') : null);

function alike(old, wanted) {
  return old.nodeName === wanted.nodeName && keyOf(old) === keyOf(wanted);
}

/* `open` is the reader's own once the element stands. */
function patchAttributes(old, wanted) {
  for (const { name } of [...old.attributes]) {
    if (name !== 'open' && !wanted.hasAttribute(name)) old.removeAttribute(name);
  }
  for (const { name, value } of wanted.attributes) {
    if (name !== 'open' && old.getAttribute(name) !== value) old.setAttribute(name, value);
  }
}

/*
 * Makes the children of `parent` like `wanted` and keeps every node that can stay, so that focus,
 * selection and what has been opened survive an update. Nodes with a key are found by it.
 */
export function patch(parent, wanted) {
  const keys = new Set(wanted.map(keyOf).filter((key) => key !== null));
  const keyed = new Map();
  for (const child of [...parent.childNodes]) {
    const key = keyOf(child);
    if (key === null) continue;
    if (keys.has(key)) keyed.set(key, child);
    else child.remove();
  }
  let place = parent.firstChild;
  for (const node of wanted) {
    const key = keyOf(node);
    const found = key === null ? place : keyed.get(key);
    if (!found || !alike(found, node)) {
      parent.insertBefore(node, place);
      continue;
    }
    if (found === place) place = place.nextSibling;
    else parent.insertBefore(found, place);
    if (!isElement(found)) {
      if (found.data !== node.data) found.data = node.data;
      continue;
    }
    patchAttributes(found, node);
    patch(found, [...node.childNodes]);
  }
  while (place) {
    const next = place.nextSibling;
    place.remove();
    place = next;
  }
}
