/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Creates elements and updates the document.
 *
 * Everything shown may come from untrusted sources (gids, details, names). So text enters the
 * document only as text nodes, and attributes only by setAttribute; nothing here parses markup.
 */
import { absoluteText, relativeText } from './format.js';

/* Creates an element. Children are nodes, strings, arrays of them, or null for none. */
export function el(tag, attributes, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    node.setAttribute(name, value === true ? '' : String(value));
  }
  node.append(...children.flat(3).filter((child) => child !== null && child !== undefined));
  return node;
}

/* Creates one of the icons that index.html contains as templates. */
export function icon(name) {
  return document.getElementById(`icon-${name}`).content.firstElementChild.cloneNode(true);
}

/* A badge. It never relies on color alone: it also has an icon and the API's word. */
export function badge(tone, drawing, text) {
  return el('span', { class: `badge ${tone}` }, icon(drawing), el('span', null, text));
}

/* Untrusted text, which may be long or written from right to left. */
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

/* Updates the text of all times, also while no new data arrives. */
export function tick(now) {
  for (const node of document.querySelectorAll('time[data-form]')) {
    const text = relativeText(node.dataset.form, Date.parse(node.dateTime), now);
    if (node.textContent !== text) node.textContent = text;
  }
}

/*
 * A table of `rows` ({key, cells}); the first cell of a row is its header. The roles are explicit
 * because the narrow layout displays rows as blocks, which removes the implicit ones. The labels
 * are for that layout too.
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

/* A list of name and value pairs; pairs without a value are omitted. */
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

/* `open` is left alone: once the element exists, the user controls it. */
function patchAttributes(old, wanted) {
  for (const { name } of [...old.attributes]) {
    if (name !== 'open' && !wanted.hasAttribute(name)) old.removeAttribute(name);
  }
  for (const { name, value } of wanted.attributes) {
    if (name !== 'open' && old.getAttribute(name) !== value) old.setAttribute(name, value);
  }
}

/*
 * Changes the children of `parent` to match `wanted` and reuses existing nodes where possible, so
 * that focus, selection and open details survive an update. A node with a key is matched by its
 * key.
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
