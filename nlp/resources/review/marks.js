'use strict';
// Statements, problems and their marks: which is chosen, what it becomes. Read after review.js, whose names it shares.

// ---- statements and problems

const statementLines = () => [...detail.querySelectorAll('.statements li')];
const problemLines = () => [...detail.querySelectorAll('.problems li')];

function pick(number) {
  statement = number !== null && statementLines()[number] ? number : null;
  if (article()) article().classList.toggle('on-statement', statement !== null);
  for (const piece of detail.querySelectorAll('[data-s]')) piece.classList.toggle('is-active', statement !== null && piece.dataset.s === String(statement));
  const first = statement !== null && byId('text') && byId('text').querySelector('.is-active');
  if (first) first.scrollIntoView({ block: 'nearest' });
}

function step(by) {
  const last = statementLines().length - 1;
  if (last < 0) return;
  pick(statement === null ? (by > 0 ? 0 : last) : Math.min(last, Math.max(0, statement + by)));
}

function showMenu(title, options) {
  const menu = byId('menu');
  menu.replaceChildren();
  const heading = document.createElement('p');
  heading.textContent = `${title}（Esc 取消）`;
  const row = document.createElement('div');
  menuKeys = new Map();
  for (const [key, name, work] of options) {
    const button = document.createElement('button');
    button.type = 'button';
    const mark = document.createElement('kbd');
    mark.textContent = key;
    button.append(mark, ` ${name}`);
    const choose = () => {
      closeMenu();
      later(work);
    };
    button.addEventListener('click', choose);
    menuKeys.set(key, choose);
    row.append(button);
  }
  menu.append(heading, row);
  menu.hidden = false;
}

function closeMenu() {
  byId('menu').hidden = true;
  menuKeys = null;
  leaveMarking();
}

function chooseSeverity() {
  if (article()) showMenu('严重程度', SEVERITIES.map((name, n) => [String(n), name, () => correct({ field: 'severity', to: n })]));
}

function chooseBasis() {
  if (!article()) return;
  if (article().dataset.status !== 'at_risk') return say('只有“有风险”的行带依据');
  showMenu('有风险的依据', BASES.map(([basis, name], n) => [String(n + 1), name, () => correct({ field: 'status', to: { status: 'at_risk', basis } })]));
}

function chooseKind(target, title) {
  showMenu(title, KINDS.map(([kind, name], n) => [String(n + 1), name, () => correct({ field: 'span', to: kind, target })]));
}

function editProblem(line) {
  const target = `${line.dataset.start}-${line.dataset.end}`;
  const kinds = KINDS.map(([kind, name], n) => [String(n + 1), name, () => correct({ field: 'span', to: kind, target })]);
  showMenu('问题语句', [...kinds, ['0', '不是问题，去掉', () => correct({ field: 'span', to: null, target })]]);
}

function chooseProblem() {
  const all = problemLines();
  if (!all.length) return say('这一行没有标出问题语句');
  if (all.length === 1) return editProblem(all[0]);
  showMenu('哪一处', all.slice(0, 9).map((line, n) => [String(n + 1), Array.from(line.querySelector('.quote').textContent).slice(0, 16).join(''), () => editProblem(line)]));
}

// Offsets count characters, as the program does; a script counts those beyond U+FFFF twice.
const letters = () => Array.from(byId('text').textContent);
const units = (chars, n) => chars.slice(0, n).join('').length;

function boundary(node, offset) {
  const range = document.createRange();
  range.setStart(byId('text'), 0);
  range.setEnd(node, offset);
  return Array.from(range.toString()).length;
}

function place(unit) {
  let left = unit;
  for (const piece of byId('text').children) {
    const length = piece.firstChild ? piece.firstChild.data.length : 0;
    if (left <= length) return [piece.firstChild, left];
    left -= length;
  }
  return [byId('text'), byId('text').childNodes.length];
}

function trimmed(start, end) {
  const chars = letters();
  while (start < end && MARKS.test(chars[start])) start += 1;
  while (end > start && MARKS.test(chars[end - 1])) end -= 1;
  return [start, end];
}

function offerKinds(start, end) {
  const [from, to] = trimmed(start, end);
  if (from >= to) return say('没有选中文字');
  chooseKind(`${from}-${to}`, `“${shortened(letters().slice(from, to).join(''))}”是哪类问题`);
}

const shortened = (text) => (Array.from(text).length > 24 ? `${Array.from(text).slice(0, 23).join('')}…` : text);

function startMarking() {
  if (!byId('text')) return say('这一行没有正文');
  const line = statement === null ? null : statementLines()[statement];
  const start = line ? Number(line.dataset.start) : 0;
  marking = { anchor: start, focus: start + 1 };
  byId('text').classList.add('marking');
  drawMarking();
  say('标问题语句：← → 移动，Shift 选字，Ctrl 按分句，Enter 选类别，Esc 取消');
}

function leaveMarking() {
  if (!marking) return;
  marking = null;
  if (byId('text')) byId('text').classList.remove('marking');
  getSelection().removeAllRanges();
}

function drawMarking() {
  const chars = letters();
  const [from, to] = [Math.min(marking.anchor, marking.focus), Math.max(marking.anchor, marking.focus)];
  getSelection().setBaseAndExtent(...place(units(chars, from)), ...place(units(chars, to)));
  const [node] = place(units(chars, Math.min(marking.focus, chars.length - 1)));
  if (node && node.parentElement) node.parentElement.scrollIntoView({ block: 'nearest' });
}

function markingKey(event) {
  const chars = letters();
  const forward = event.key === 'ArrowRight';
  if (event.key === 'Escape') {
    leaveMarking();
    return say('');
  }
  if (event.key === 'Enter') return offerKinds(Math.min(marking.anchor, marking.focus), Math.max(marking.anchor, marking.focus));
  if (event.key !== 'ArrowLeft' && !forward) return undefined;
  let to = marking.focus + (forward ? 1 : -1);
  if (event.ctrlKey) {
    // To the end of the clause, or back to its head.
    while (to > 0 && to < chars.length && !(forward ? MARKS.test(chars[to]) : MARKS.test(chars[to - 1]))) to += forward ? 1 : -1;
  }
  to = Math.min(chars.length, Math.max(0, to));
  if (event.shiftKey) {
    if (to !== marking.anchor) marking.focus = to;
  } else {
    const at = Math.min(chars.length - 1, Math.max(0, event.ctrlKey ? (forward ? to + 1 : to) : to - 1));
    marking = { anchor: at, focus: at + 1 };
  }
  return drawMarking();
}
