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
const isFiltered = () => [...query().keys()].some((key) => key !== 'sort');
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
    detail.innerHTML = '<p class="note">左边没有行可看。</p>';
    calm();
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
  const isOther = item !== current();
  show(await ask(`/items/${item}`));
  detail.scrollTop = 0;
  if (isOther) calm();
}

// What went wrong before is no news of the row that is opened now.
function calm() {
  if (byId('saved').className === 'is-bad') say('每次修改立即保存');
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
  if (!count) return say(isFiltered() ? '当前筛选下没有待核的行' : '没有待核的行了');
  const body = document.createElement('div');
  body.innerHTML = '<h2>全部确认</h2><p></p><div class="buttons"><button type="button" class="main" data-ok>确认（Enter）</button><button type="button" data-close>取消（Esc）</button></div>';
  body.querySelector('p').textContent = `把${isFiltered() ? '当前筛选下' : '整份报告'}待核的 ${count} 行按现在的内容确认？可用 u 一次撤销。`;
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
