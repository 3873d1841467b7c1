'use strict';
// The dialog, keys and clicks; then the screen is filled. Read last: it shares the names of review.js and marks.js.

// ---- dialog

function showDialog(content, work) {
  byId('sheet').replaceChildren(content);
  byId('dialog').hidden = false;
  afterDialog = work;
  byId('sheet').focus();
}

function closeDialog(isAgreed) {
  const work = isAgreed ? afterDialog : null;
  byId('dialog').hidden = true;
  afterDialog = null;
  detail.focus({ preventScroll: true });
  if (work) later(work);
}

function dialogKey(event) {
  const field = event.target.closest('textarea');
  if (event.key === 'Escape') closeDialog(false);
  else if (event.key === 'Enter' && (field ? event.ctrlKey : !event.target.closest('button'))) closeDialog(true);
  else if (event.key === 'Tab') {
    const inside = [...byId('sheet').querySelectorAll('textarea, button')];
    const at = inside.indexOf(document.activeElement);
    inside[(at + (event.shiftKey ? inside.length - 1 : 1)) % inside.length].focus();
  } else return;
  event.preventDefault();
}

const help = () => showDialog(byId('help').content.cloneNode(true), null);

// ---- keys and clicks

const KEYS = {
  j: () => later(() => move(1)),
  k: () => later(() => move(-1)),
  ArrowDown: () => later(() => move(1)),
  ArrowUp: () => later(() => move(-1)),
  Enter: () => later(confirmRow),
  u: () => later(undo),
  s: () => later(chooseSeverity),
  b: () => later(chooseBasis),
  p: () => later(startMarking),
  x: () => later(chooseProblem),
  n: () => later(note),
  e: () => byId('export').click(),
  c: () => filter.reset(),
  '[': () => later(() => step(-1)),
  ']': () => later(() => step(1)),
  Escape: () => later(() => pick(null)),
  '/': () => {
    byId('words').focus();
    byId('words').select();
  },
  '?': help,
};
STATUSES.forEach((status, n) => {
  KEYS[String(n + 1)] = () => later(() => label(status));
});

document.addEventListener('keydown', (event) => {
  usedPointer = false;
  if (event.isComposing) return;
  if (!byId('dialog').hidden) return dialogKey(event);
  const key = SAME_KEY[event.key] || event.key;
  if (event.target.closest('input, textarea, select')) {
    if (event.target === byId('words') && (key === 'Enter' || key === 'Escape')) {
      event.preventDefault();
      event.target.blur();
    } else if (key === 'Escape') event.target.blur();
    return;
  }
  if (menuKeys) {
    if (key === 'Escape') closeMenu();
    else if (menuKeys.has(key)) menuKeys.get(key)();
    else if (key === 'Tab') return;
    event.preventDefault();
    return;
  }
  if (marking && ['ArrowLeft', 'ArrowRight', 'Enter', 'Escape'].includes(key)) {
    event.preventDefault();
    return markingKey(event);
  }
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (key === 'A' && event.shiftKey) {
    event.preventDefault();
    return later(acceptAll);
  }
  if (key === 'Enter' && event.target.closest('button, a')) return;
  const work = KEYS[key.length === 1 ? key.toLowerCase() : key];
  if (!work) return;
  event.preventDefault();
  work();
});

document.addEventListener('pointerdown', () => {
  usedPointer = true;
});

document.addEventListener('click', (event) => {
  const at = (selector) => event.target.closest(selector);
  if (at('[data-close]') || event.target === byId('dialog')) return closeDialog(false);
  if (at('[data-ok]')) return closeDialog(true);
  if (at('#show-help')) return help();
  if (at('#accept-all')) return later(acceptAll);
  if (at('[data-page]')) return later(() => loadRows(Math.max(0, Number(at('[data-page]').dataset.page))));
  if (at('tr[data-item]')) return later(() => open(Number(at('tr[data-item]').dataset.item)));
  if (at('[data-label]')) return later(() => label(at('[data-label]').dataset.label));
  if (at('[data-confirm]')) return later(confirmRow);
  if (at('[data-menu]')) return at('[data-menu]').dataset.menu === 'severity' ? chooseSeverity() : chooseBasis();
  if (at('[data-problem]')) return editProblem(at('li'));
  if (at('.statements li')) return pick(Number(at('li').dataset.s));
  if (at('#export')) return say('正在写出，稍候浏览器会开始下载');
  return undefined;
});

document.addEventListener('mouseup', (event) => {
  const selected = getSelection();
  if (!byId('text') || marking || selected.isCollapsed || event.target.closest('#menu, #dialog')) return;
  const range = selected.getRangeAt(0);
  if (!byId('text').contains(range.startContainer) || !byId('text').contains(range.endContainer)) return;
  offerKinds(boundary(range.startContainer, range.startOffset), boundary(range.endContainer, range.endOffset));
});

let typing = 0;
byId('words').addEventListener('input', () => {
  clearTimeout(typing);
  typing = setTimeout(() => later(() => loadRows(0)), 200);
});
filter.addEventListener('change', (event) => {
  if (event.target === byId('words')) return;
  if (usedPointer) event.target.blur();
  later(() => loadRows(0));
});
filter.addEventListener('reset', () => {
  document.activeElement.blur();
  setTimeout(() => later(() => loadRows(0)));
});
filter.addEventListener('submit', (event) => event.preventDefault());
window.addEventListener('beforeunload', (event) => {
  if (waiting) event.preventDefault();
});

// What was looked at before the page was loaded anew.
const kept = new URLSearchParams(location.hash.slice(1));
for (const [key, value] of kept) if (filter.elements[key] && key !== 'item') filter.elements[key].value = value;
later(() => loadRows(Number(kept.get('offset')) || 0, Number(kept.get('item')) || undefined));
