'use strict';
// The screen: keys and clicks become changes, each is sent at once, what comes back is shown. HTML comes from the program alone, already escaped.

const RUN = document.currentScript.dataset.run;
const TOKEN = document.querySelector('meta[name=csrf]').content;
const STATUSES = ['completed', 'in_progress', 'not_started', 'at_risk'];
const KINDS = [['delay', '进度滞后'], ['blocked', '要件受阻'], ['shortfall', '指标不足'], ['resources', '资源短缺'], ['external', '等待外部'], ['other', '其他问题']];
const BASES = [['stated', '文字写明'], ['decline', '指标逆向'], ['growth', '增速未达'], ['pace', '进度滞后']];
const SEVERITIES = ['无', '关注', '较重', '严重'];
const MARKS = /[\s，,。；;、：:！!？?]/;
// Keys as they come with Chinese punctuation switched on.
const SAME_KEY = { '？': '?', '【': '[', '】': ']', '「': '[', '」': ']', '、': '/', '／': '/' };
const byId = (id) => document.getElementById(id);
const filter = byId('filter');
const detail = byId('detail');
let statement = null;
let marking = null;
let menuKeys = null;
let afterDialog = null;
let usedPointer = false;
let waiting = 0;

// One thing after the other, in the order of the keys.
let queue = Promise.resolve();
function later(work) {
  queue = queue.then(work).catch((error) => say(error.message, 'is-bad'));
  return queue;
}

function say(text, kind = '') {
  byId('saved').textContent = text;
  byId('saved').className = kind;
}

async function ask(path, body) {
  let answer;
  try {
    const options = body === undefined ? {} : { method: 'POST', body: JSON.stringify(body), headers: { 'Content-Type': 'application/json', 'X-CSRF-Token': TOKEN } };
    answer = await fetch(path, options);
  } catch {
    throw new Error(body === undefined ? '连接不上程序，请看它是否还在运行' : '没有保存：连接不上程序，请看它是否还在运行');
  }
  const isJson = (answer.headers.get('content-type') || '').startsWith('application/json');
  const said = isJson ? await answer.json() : await answer.text();
  if (answer.ok) return said;
  const error = new Error((isJson && said.error) || `出错（${answer.status}）`);
  error.status = answer.status;
  throw error;
}

// ---- list

const query = () => new URLSearchParams([...new FormData(filter)].filter(([, value]) => value));
const table = () => byId('rows').querySelector('table');
const lines = () => [...byId('rows').querySelectorAll('tr[data-item]')];
const article = () => detail.querySelector('article');
const current = () => (article() ? Number(article().dataset.item) : null);

async function loadRows(offset, which) {
  const asked = query();
  asked.set('offset', offset);
  byId('rows').innerHTML = await ask(`/runs/${RUN}/rows?${asked}`);
  byId('rows').scrollTop = 0;
  const all = lines();
  byId('count').textContent = `共 ${byId('rows').querySelector('[data-total]').dataset.total} 行`;
  remember();
  if (!all.length) {
    detail.innerHTML = '<p class="note">没有符合条件的行。</p>';
    return;
  }
  const line = which === 'last' ? all[all.length - 1] : all.find((one) => Number(one.dataset.item) === which) || all[0];
  await open(Number(line.dataset.item));
}

function remember() {
  const kept = query();
  if (table() && Number(table().dataset.offset)) kept.set('offset', table().dataset.offset);
  if (current()) kept.set('item', current());
  history.replaceState(null, '', `#${kept}`);
}

async function open(item) {
  show(await ask(`/items/${item}`));
  detail.scrollTop = 0;
}

function show(said) {
  const hadFocus = detail.contains(document.activeElement);
  const kept = said.id === current() ? statement : null;
  const scrolled = byId('text') ? byId('text').scrollTop : 0;
  const isSame = said.id === current();
  leaveMarking();
  detail.innerHTML = said.item;
  const line = byId(`row-${said.id}`);
  if (line) line.outerHTML = said.row;
  byId('progress').innerHTML = said.progress;
  if (isSame && byId('text')) byId('text').scrollTop = scrolled;
  pick(kept);
  for (const other of lines()) {
    const isCurrent = Number(other.dataset.item) === said.id;
    other.classList.toggle('is-current', isCurrent);
    if (isCurrent) {
      other.setAttribute('aria-current', 'true');
      other.scrollIntoView({ block: 'nearest' });
    } else other.removeAttribute('aria-current');
  }
  if (hadFocus) detail.focus({ preventScroll: true });
  remember();
}

function stillFits(line) {
  const wanted = query();
  return ['status', 'basis', 'state'].every((key) => !wanted.get(key) || wanted.get(key) === line.dataset[key]);
}

async function move(step) {
  const all = lines();
  if (!all.length) return;
  const at = all.findIndex((line) => Number(line.dataset.item) === current());
  const next = all[at < 0 ? 0 : at + step];
  if (next) return open(Number(next.dataset.item));
  const offset = Number(table().dataset.offset);
  if (step < 0) {
    if (offset > 0) return loadRows(Math.max(0, offset - 100), 'last');
    return say('已是第一行');
  }
  // Rows that a change has taken out of the filter stay in view; the next page begins behind those that are still in it.
  const fitting = all.filter(stillFits).length;
  if (offset + fitting < Number(table().dataset.total) - (all.length - fitting)) return loadRows(offset + fitting);
  return say('已到最后一行');
}

// ---- changes

async function save(path, body) {
  const begun = performance.now();
  waiting += 1;
  say('正在保存……', 'is-busy');
  try {
    const said = await ask(path, body);
    const time = new Date().toLocaleTimeString('zh-CN', { hour12: false });
    say(`已保存 ${time}（${Math.round(performance.now() - begun)} 毫秒）`, 'is-saved');
    return said;
  } catch (error) {
    if (error.status === 409 && current()) show(await ask(`/items/${current()}`));
    if (error.status === 401) error.message += '（刚才的修改没有保存）';
    throw error;
  } finally {
    waiting -= 1;
  }
}

async function correct(...changes) {
  if (!article()) return;
  show(await save(`/items/${current()}/correct`, { revision: Number(article().dataset.revision), changes }));
}

async function confirmRow() {
  if (!article()) return;
  show(await save(`/items/${current()}/confirm`, { revision: Number(article().dataset.revision) }));
  const said = byId('saved').textContent;
  await move(1);
  if (byId('saved').textContent !== '已到最后一行') say(said, 'is-saved');
}

async function undo() {
  const said = await save('/undo', {});
  if (String(said.run) !== RUN) return say('已撤销另一份报告中的一步', 'is-saved');
  show(said);
  if (said.items.length > 1) {
    await loadRows(Number(table() ? table().dataset.offset : 0), said.id);
    say(said.message || `已撤销 ${said.items.length} 行`, 'is-saved');
  } else say(said.message || byId('saved').textContent.replace('已保存', '已撤销'), 'is-saved');
}

function label(status) {
  const chosen = statement === null ? null : statementLines()[statement];
  if (chosen) return correct({ field: 'statement', to: status, target: `${chosen.dataset.start}-${chosen.dataset.end}` });
  return correct({ field: 'status', to: { status, basis: null } });
}

async function acceptAll() {
  const { count } = await ask(`/runs/${RUN}/pending?${query()}`);
  if (!count) return say('当前筛选下没有待核的行');
  const body = document.createElement('div');
  body.innerHTML = '<h2>全部确认</h2><p></p><div class="buttons"><button type="button" class="main" data-ok>确认（Enter）</button><button type="button" data-close>取消（Esc）</button></div>';
  body.querySelector('p').textContent = `把当前筛选下待核的 ${count} 行按现在的内容确认？可用 u 一次撤销。`;
  showDialog(body, async () => {
    const chosen = Object.fromEntries(query());
    const said = await save(`/runs/${RUN}/confirm`, { filter: chosen, expected: count });
    const kept = current();
    await loadRows(0, kept);
    byId('progress').innerHTML = said.progress;
    say(`已确认 ${said.confirmed} 行` + (said.left ? `；${said.left} 行刚有人改过，没有确认` : ''), 'is-saved');
  });
}

function note() {
  if (!article()) return;
  const now = detail.querySelector('.noted p');
  const body = document.createElement('div');
  body.innerHTML = '<h2>备注</h2><textarea maxlength="10000" aria-label="备注"></textarea><div class="buttons"><button type="button" class="main" data-ok>保存（Ctrl+Enter）</button><button type="button" data-close>取消（Esc）</button></div>';
  const field = body.querySelector('textarea');
  field.value = now ? now.textContent : '';
  showDialog(body, () => correct({ field: 'note', to: field.value.trim() }));
  field.focus();
}

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
