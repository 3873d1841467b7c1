'use strict';
// The start page and the log-in: send, follow an upload, say what went wrong.

const byId = (id) => document.getElementById(id);
const token = document.querySelector('meta[name=csrf]').content;

async function send(path, body, headers) {
  let answer;
  try {
    answer = await fetch(path, { method: 'POST', body, headers: { 'X-CSRF-Token': token, ...headers } });
  } catch {
    throw new Error('连接不上程序，请看它是否还在运行');
  }
  const said = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Error(said.error || `出错（${answer.status}）`);
  return said;
}

const sendJson = (path, value) => send(path, JSON.stringify(value), { 'Content-Type': 'application/json' });

function onSubmit(id, work) {
  const form = byId(id);
  if (!form) return;
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    const button = form.querySelector('button');
    button.disabled = true;
    byId('message').textContent = '';
    try {
      await work();
    } catch (error) {
      byId('message').textContent = error.message;
    }
    button.disabled = false;
  });
}

onSubmit('login', async () => {
  await sendJson('/login', { who: byId('who').value, password: byId('password').value });
  location.assign('/');
});

onSubmit('open', async () => {
  const { runs } = await sendJson('/open', { folder: byId('folder').value });
  location.assign(runs.length === 1 ? `/runs/${runs[0]}` : '/');
});

onSubmit('upload', async () => {
  const file = byId('file').files[0];
  byId('job').hidden = false;
  byId('bar').removeAttribute('value');
  byId('step').textContent = `正在上传 ${file.name}`;
  try {
    const query = new URLSearchParams({ name: file.name, period: byId('period').value });
    const job = await send(`/upload?${query}`, file, { 'Content-Type': 'application/octet-stream' });
    await follow(job.id);
  } catch (error) {
    byId('job').hidden = true;
    throw error;
  }
});

async function follow(id) {
  for (;;) {
    const answer = await fetch(`/jobs/${id}`);
    const job = await answer.json();
    if (!answer.ok || job.error) throw new Error(job.error || '找不到这次上传');
    if (job.runs.length) return location.assign(job.runs.length === 1 ? `/runs/${job.runs[0]}` : '/');
    if (job.total) {
      byId('bar').max = job.total;
      byId('bar').value = job.done;
      byId('step').textContent = `正在判读 ${job.file}：${job.done} / ${job.total} 项`;
    } else {
      byId('step').textContent = `正在读取 ${job.file}`;
    }
    await new Promise((done) => setTimeout(done, 400));
  }
}

const logout = byId('logout');
if (logout) logout.addEventListener('click', () => sendJson('/logout', {}).finally(() => location.assign('/login')));
