'use strict';
// The page 重新训练: begin, watch, stop, try, put to use. What moves comes as HTML from the program alone, already escaped.

const main = document.querySelector('main.retrain');
const shown = {};
let watching = false;

function show(state) {
  for (const part of ['run', 'trial', 'models']) {
    // What did not change is left alone, so that nobody loses what they are typing.
    if (shown[part] === state[part]) continue;
    shown[part] = state[part];
    byId(part).innerHTML = state[part];
  }
  const start = byId('start');
  if (start) start.disabled = state.running;
  tellOwn();
}

async function watch() {
  if (watching) return;
  watching = true;
  for (let busy = true; busy; ) {
    await new Promise((done) => setTimeout(done, 1000));
    try {
      const answer = await fetch('/retrain/state');
      const state = await answer.json();
      if (!answer.ok) throw new Error(state.error || `出错（${answer.status}）`);
      show(state);
      busy = state.busy;
      byId('message').textContent = '';
    } catch (error) {
      byId('message').textContent = error instanceof TypeError ? '连接不上程序，请看它是否还在运行' : error.message;
    }
  }
  watching = false;
}

async function act(path, body) {
  byId('message').textContent = '';
  try {
    const state = await sendJson(`/retrain/${path}`, body);
    show(state);
    if (state.busy) watch();
  } catch (error) {
    byId('message').textContent = error.message;
  }
}

function quarters() {
  const chosen = {};
  for (const select of document.querySelectorAll('#quarters select')) if (select.value) chosen[select.closest('tr').dataset.run] = select.value;
  return chosen;
}

// On which rows the new model will be tried, said before it is trained.
function tellHeldOut() {
  const line = byId('held-out');
  if (!line) return;
  const own = [...document.querySelectorAll('#quarters select')].filter((select) => select.value === 'hold').map((select) => {
    const cells = select.closest('tr').cells;
    return `${cells[0].textContent} ${cells[1].textContent}（${Number(cells[2].textContent) + Number(cells[3].textContent)} 行）`;
  });
  line.textContent = `留出、用来检验的：${own.length ? own.join('、') : line.dataset.dev}`;
}

// Which own quarters were held out for the candidate that is chosen.
function tellOwn() {
  const candidate = byId('candidate');
  if (!candidate) return;
  const own = candidate.selectedOptions[0].dataset.own;
  const choice = byId('where').querySelector('option');
  choice.disabled = !own;
  if (!own && byId('where').value === choice.value && byId('where').options.length > 1) byId('where').value = byId('where').options[1].value;
  byId('own-held-out').textContent = own ? `自己留出的：${own}` : '训练它时没有留出自己的季度';
}

document.addEventListener('submit', (event) => {
  event.preventDefault();
  if (event.target.id === 'train') {
    const quick = event.target.elements.mode.value === 'quick';
    act('start', { name: byId('name').value, quick, base: byId('base').checked, quarters: quarters() });
  }
  if (event.target.id === 'try') act('try', { name: byId('candidate').value, where: byId('where').value });
});

document.addEventListener('change', (event) => {
  if (event.target.closest('#quarters')) tellHeldOut();
  if (event.target.id === 'candidate') tellOwn();
});

document.addEventListener('click', (event) => {
  const button = event.target.closest('[data-act]');
  if (!button) return;
  const why = button.parentElement.querySelector('[data-why]');
  button.disabled = true;
  act(button.dataset.act, { name: button.dataset.name || '', why: why ? why.value : '' }).finally(() => {
    button.disabled = false;
  });
});

tellHeldOut();
tellOwn();
if (main.dataset.busy === 'true') {
  if (byId('start')) byId('start').disabled = Boolean(document.querySelector('#run [data-state=running]'));
  watch();
}
