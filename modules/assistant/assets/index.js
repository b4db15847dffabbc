// The page of the assistant: a module's own UI, version 1 of the contract.
import { Composer } from './composer.js';
import { List } from './list.js';
import { recall, remember } from './memory.js';
import { events, post, Refusal } from './stream.js';
import { speaker } from './strings.js';
import { sentences, visible } from './text.js';
import { ask, button, el, modelTurn, nameOf, personTurn } from './view.js';

export const apiVersion = 1;

const busyPatience = 5; // times that a conversation may be busy when an answer is asked for again

/** Draws the page into host and returns what takes it away again. */
export async function mount(host, ctx) {
  const style = el('link', { rel: 'stylesheet', href: new URL('style.css', import.meta.url).href });
  const styled = new Promise((resolve) => {
    style.addEventListener('load', resolve);
    style.addEventListener('error', resolve); // without it everything is there, only plainer
  });
  host.append(style);
  const [status] = await Promise.all([ctx.api.get('status'), styled]);
  const page = new Page(host, ctx, status);
  await page.begin();
  return () => page.end();
}

class Page {
  constructor(host, ctx, status) {
    this.host = host;
    this.ctx = ctx;
    this.status = status;
    this.say = speaker(ctx.locale);
    this.conversation = ''; // the id; empty: a new one
    this.title = '';
    this.turn = undefined; // of the model, the last one
    this.running = undefined; // an AbortController
    this.pinned = true; // the end is in sight, and is to stay so
    this.draw();
  }

  draw() {
    const { ctx, say, status } = this;
    this.list = new List(ctx, say, { open: (id) => this.open(id), fresh: () => this.fresh(true) });
    this.composer = new Composer(say, status, {
      send: (message) => this.send(message),
      stop: () => this.stop(),
    });
    this.heading = el('h2', {});
    this.renaming = button(say('rename'), () => this.rename(), { class: 'asst-quiet' });
    this.removing = button(say('remove'), () => this.remove(), { class: 'asst-quiet' });
    this.log = el('section', { class: 'asst-log', 'aria-label': say('log') });
    this.live = el('div', { class: 'asst-live', role: 'status', 'aria-live': 'polite' });
    const notReady =
      !status.ready &&
      el(
        'div',
        { class: 'asst-not-ready', role: 'note' },
        el('h2', {}, say('notReady')),
        el('p', {}, status.problem ?? ''),
        el('p', {}, say('notReadyHow')),
      );
    this.bar = el('div', { class: 'asst-bar' }, this.heading, this.renaming, this.removing);
    const main = el(
      'div',
      { class: 'asst-main' },
      notReady,
      this.bar,
      this.log,
      this.live,
      status.ready && this.composer.element,
    );
    this.root = el(
      'div',
      {
        class: 'asst',
        keydown: (event) => {
          if (event.key === 'Escape' && this.running) this.stop();
        },
      },
      this.list.element,
      main,
    );
    this.host.append(this.root);
    addEventListener('scroll', () => (this.pinned = below() < 120), { passive: true, signal: ctx.signal });
  }

  async begin() {
    await this.list.load();
    const last = recall(sessionStorage, 'conversation');
    if (last && (await this.open(last, true))) return;
    this.fresh(false);
  }

  end() {
    this.running?.abort();
    this.host.replaceChildren();
  }

  // ---- conversations

  /** Marks the conversation that is shown, in the list and above it. */
  mark() {
    this.list.mark(this.conversation);
    this.heading.textContent = visible(this.title) || this.say('untitled');
    this.renaming.hidden = this.removing.hidden = !this.conversation;
    this.bar.hidden = !this.status.ready && !this.conversation;
  }

  fresh(focus) {
    this.stop();
    this.conversation = this.title = '';
    this.turn = undefined;
    remember(sessionStorage, 'conversation', '');
    this.mark();
    const { say, status } = this;
    if (status.ready) {
      this.log.replaceChildren(
        el(
          'div',
          { class: 'asst-welcome' },
          el('p', {}, say('welcome')),
          el(
            'p',
            {},
            status.tools > 0
              ? say('tools', { count: status.tools }) +
                  (status.left_out > 0 ? ' ' + say('leftOut', { count: status.left_out }) : '')
              : say('noTools'),
          ),
          !status.keep && el('p', {}, say('notKept')),
        ),
      );
    } else this.log.replaceChildren();
    if (focus) this.composer.focus();
  }

  /** Shows a conversation that is stored; quietly: without a word where it is not there. */
  async open(id, quietly = false) {
    const stored = await this.load(id, quietly);
    if (!stored) return false;
    this.title = stored.title;
    this.composer.model.value = stored.model || this.composer.modelName;
    this.redraw(stored.turns);
    this.rest(stored.turns.at(-1), stored.confirm);
    this.list.fold();
    if (!quietly) this.composer.focus();
    return true;
  }

  /** Reads a conversation, which is the one that is shown from now on. */
  async load(id, quietly) {
    this.stop();
    try {
      const stored = await this.ctx.api.get(`conversations/${encodeURIComponent(id)}`);
      this.conversation = stored.id;
      remember(sessionStorage, 'conversation', stored.id);
      return stored;
    } catch (problem) {
      if (!this.ctx.signal.aborted && !quietly)
        this.ctx.notify(problem.status === 404 ? this.say('gone') : this.failed(problem), 'bad');
      remember(sessionStorage, 'conversation', '');
      return undefined;
    }
  }

  redraw(turns) {
    this.mark();
    this.log.replaceChildren();
    this.turn = undefined;
    for (const turn of turns) this.replay(turn);
    this.follow(true);
  }

  replay(turn) {
    if (turn.from === 'person') {
      this.turn?.foot();
      this.turn?.settle();
      this.turn = undefined;
      this.log.append(personTurn(this.say, turn.parts.map((part) => part.text ?? '').join('')));
      return;
    }
    this.turn ??= this.newTurn();
    for (const part of turn.parts) {
      if (part.call) {
        this.turn.call(part.call);
        this.turn.result(part.call);
      } else this.turn.piece(part.kind, part.text ?? '');
    }
    this.turn.finish();
    if (turn.answer) this.turn.usage(turn.answer);
    if (turn.broken) this.turn.note(turn.broken === 'stopped' ? this.say('stopped') : this.say('broken'));
  }

  /** Shows what is to be done about the last turn of a conversation. */
  rest(last, confirm) {
    if (confirm && this.turn) this.question(confirm);
    else if (last?.from === 'person') {
      this.turn = this.newTurn();
      this.turn.note(this.say('broken'), () => this.retry());
    } else this.turn?.foot(() => this.retry());
  }

  async rename() {
    const title = await ask(this.root, this.say, {
      title: this.say('renameAsk'),
      field: this.title,
      yes: this.say('save'),
    });
    if (!title?.trim()) return;
    await this.try(async () => {
      await this.ctx.api.patch(`conversations/${this.conversation}`, { title: title.trim() });
      this.title = title.trim();
      this.mark();
      await this.list.load();
    });
  }

  async remove() {
    if (
      !(await ask(this.root, this.say, {
        title: this.say('removeAsk', { title: visible(this.title) }),
        yes: this.say('remove'),
        grave: true,
      }))
    )
      return;
    await this.try(async () => {
      this.stop();
      await this.ctx.api.delete(`conversations/${this.conversation}`);
      this.fresh(true);
      await this.list.load();
    });
  }

  async try(work) {
    try {
      await work();
    } catch (problem) {
      if (!this.ctx.signal.aborted) this.ctx.notify(this.failed(problem), 'bad');
    }
  }

  failed(problem) {
    return this.say('failed', { detail: problem.message });
  }

  // ---- talking

  newTurn() {
    const feedback = this.status.feedback && ((request, given) => this.feedback(request, given));
    const turn = modelTurn(this.say, this.ctx.locale, feedback);
    this.log.append(turn.element);
    return turn;
  }

  /** Says something; false where it has to wait for what is being said. */
  send(message) {
    if (this.running) return false;
    this.turn?.settle();
    this.log.querySelector('.asst-welcome')?.remove();
    this.log.querySelector('.asst-confirm')?.remove();
    this.log.append(personTurn(this.say, message));
    this.turn = this.newTurn();
    const { conversation } = this;
    const model = this.composer.modelName;
    void this.exchange('m/assistant/chat', { conversation, model, message }, message);
    return true;
  }

  /** Has the last answer given again. What was called stays, as on the server. */
  async retry() {
    if (this.running) return;
    const stored = await this.load(this.conversation, false);
    if (!stored) return;
    this.redraw(takenBack(stored.turns));
    this.turn ??= this.newTurn();
    this.turn.settle();
    const model = this.composer.modelName;
    void this.exchange('m/assistant/chat', { conversation: stored.id, model, retry: true });
  }

  question(question) {
    this.turn.result({ id: question.call, state: 'waiting' });
    const card = this.turn.confirm(question, (yes) => {
      this.composer.focus();
      if (yes) this.turn.called(question.call);
      const path = `m/assistant/conversations/${this.conversation}/confirm`;
      void this.exchange(path, { id: question.id, approve: yes });
    });
    this.tell(this.say('confirmSay', { what: nameOf(question) }));
    if (!this.composer.field.value) card.focus({ preventScroll: true });
    this.follow(true);
  }

  /** Sends something and shows the events that come back. */
  async exchange(path, body, message) {
    const running = (this.running = new AbortController());
    const { turn, say } = this;
    const spoken = sentences((text) => this.tell(text));
    const signal = AbortSignal.any([running.signal, this.ctx.signal]);
    const mine = () => this.turn === turn && !this.ctx.signal.aborted;
    this.busy(true);
    turn.busy(say('thinking'));
    this.follow(true);
    let last = '';
    let fault;
    try {
      for await (const event of events(await this.ask(path, body, signal))) {
        if (!mine()) return;
        last = event.name;
        this.show(turn, event.name, JSON.parse(event.data), spoken);
        this.follow();
      }
    } catch (problem) {
      fault = problem;
    } finally {
      if (this.running === running) this.busy(false);
    }
    if (!mine()) return;
    spoken.end();
    if (last !== 'end' && last !== 'confirm' && last !== 'error')
      this.brokeOff(turn, running.signal.aborted, fault, message);
    if (last !== 'confirm') {
      turn.foot(() => this.retry());
      this.composer.focus();
    }
    this.follow();
    this.list.load().catch(() => undefined); // the old list is better than none
  }

  /** Asks, and again where the answer before has not quite ended yet. */
  async ask(path, body, signal) {
    for (let attempt = 1; ; attempt++) {
      try {
        return await post(this.ctx, path, body, signal, 'text/event-stream');
      } catch (problem) {
        if (!(problem instanceof Refusal) || problem.code !== 'conversation-busy' || attempt === busyPatience)
          throw problem;
        await new Promise((resolve) => setTimeout(resolve, 200 * attempt));
      }
    }
  }

  show(turn, name, data, spoken) {
    switch (name) {
      case 'start':
        this.conversation = data.conversation;
        this.title = data.title;
        remember(sessionStorage, 'conversation', data.conversation);
        this.mark();
        break;
      case 'text':
      case 'refusal':
        spoken.add(data.text);
        turn.piece(name, data.text);
        break;
      case 'reasoning':
        turn.piece(name, data.text);
        break;
      case 'call':
        spoken.end();
        turn.call(data);
        break;
      case 'result':
        turn.result(data);
        turn.busy(this.say('thinking'));
        break;
      case 'usage':
        turn.usage(data);
        break;
      case 'confirm':
        this.question(data);
        break;
      case 'end':
        if (data.reason === 'length' || data.reason === 'content_filter') turn.note(this.say(data.reason));
        break;
      case 'error':
        this.fault(turn, data);
    }
  }

  /** Says that the model failed, and keeps what came. */
  fault(turn, { detail, retry_after: wait }) {
    const key = turn.element.querySelector('.asst-text') ? 'partly' : 'refused';
    let text = this.say(key, { detail });
    if (wait > 0) text += ' ' + this.say('wait', { count: wait });
    turn.note(text, () => this.retry());
    this.tell(text);
  }

  /** Says why an answer has no end: the person stopped it, the server refused, or the connection is gone. */
  brokeOff(turn, stopped, fault, message) {
    let text = this.say(stopped ? 'stopped' : 'broken');
    if (!stopped && fault instanceof Refusal) {
      text = fault.status === 0 ? this.say('offline') : this.failed(fault);
      if (fault.retryAfter > 0) text += ' ' + this.say('wait', { count: fault.retryAfter });
      // It was not taken: it can be changed and sent again.
      if (message && this.composer.giveBack(message)) {
        turn.element.previousElementSibling?.remove();
        turn.note(text);
        this.tell(text);
        return;
      }
    }
    this.tell(text);
    // Whether a call was made is known on the server only.
    if (turn.open) void this.open(this.conversation, true);
    else turn.note(text, this.conversation ? () => this.retry() : undefined);
  }

  stop() {
    this.running?.abort();
    this.busy(false);
  }

  busy(yes) {
    if (!yes) this.running = undefined;
    this.composer.busy(yes);
    this.log.setAttribute('aria-busy', String(yes));
  }

  async feedback(request, given) {
    try {
      await post(this.ctx, 'ai/feedback', { request_id: request, ...given }, this.ctx.signal);
      return true;
    } catch (problem) {
      if (!this.ctx.signal.aborted) this.ctx.notify(this.failed(problem), 'bad');
      return false;
    }
  }

  /** Tells those who listen. What was told before does not pile up. */
  tell(text) {
    this.live.append(el('p', {}, text));
    while (this.live.children.length > 20) this.live.firstChild.remove();
  }

  /** Keeps the end in sight of who is there already, or always. */
  follow(always = false) {
    this.pinned ||= always;
    if (!this.pinned) return;
    this.following ||= requestAnimationFrame(() => {
      this.following = 0;
      scrollTo({ top: document.documentElement.scrollHeight, behavior: 'instant' });
    });
  }
}

/** How much of the page is below what is seen. */
function below() {
  const page = document.documentElement;
  return page.scrollHeight - page.scrollTop - innerHeight;
}

/** The turns without what the model said since the last thing that was done, as the server takes it back. */
function takenBack(turns) {
  const kept = [...turns];
  const done = (turn) => turn.parts.some((part) => part.call && part.call.state !== 'waiting');
  while (kept.at(-1)?.from === 'model' && !done(kept.at(-1))) kept.pop();
  return kept;
}
