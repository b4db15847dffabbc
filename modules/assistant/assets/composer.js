// Where the person writes: Enter sends, Shift+Enter begins a new line.
import { recall, remember } from './memory.js';
import { button, el } from './view.js';

export class Composer {
  /** `on` has send(message), which says whether it was taken, and stop(). */
  constructor(say, status, on) {
    this.say = say;
    this.on = on;
    this.field = el('textarea', {
      id: 'asst-message',
      rows: 2,
      maxlength: 16000,
      'aria-label': say('message'),
      'aria-describedby': 'asst-hint',
      placeholder: say('message'),
      keydown: (event) => {
        if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
        event.preventDefault();
        this.send();
      },
    });
    this.model = el('input', {
      id: 'asst-model',
      type: 'text',
      maxlength: 200,
      list: 'asst-models',
      autocomplete: 'off',
      value: status.model || recall(localStorage, 'model'),
      placeholder: 'provider/model',
    });
    const models = status.models.map((name) => el('option', { value: name }));
    this.sending = el('button', { type: 'submit', class: 'asst-primary' }, say('send'));
    this.stopping = button(say('stop'), () => on.stop(), { hidden: true });
    const submit = (event) => {
      event.preventDefault();
      this.send();
    };
    this.element = el(
      'form',
      { class: 'asst-composer', submit },
      this.field,
      el(
        'div',
        { class: 'asst-row' },
        el('label', { for: 'asst-model' }, say('model')),
        this.model,
        el('datalist', { id: 'asst-models' }, ...models),
        el('span', { class: 'asst-hint', id: 'asst-hint' }, say('hint')),
        this.stopping,
        this.sending,
      ),
    );
  }

  get modelName() {
    return this.model.value.trim();
  }

  send() {
    const message = this.field.value.trim();
    if (!message) return;
    if (!this.modelName) {
      this.model.setCustomValidity(this.say('pick'));
      this.model.reportValidity();
      this.model.setCustomValidity('');
      return;
    }
    if (!this.on.send(message)) return;
    this.field.value = '';
    remember(localStorage, 'model', this.modelName);
  }

  /** Gives a message back that was not taken, unless the person has begun another. */
  giveBack(message) {
    if (this.field.value) return false;
    this.field.value = message;
    return true;
  }

  busy(yes) {
    const hadFocus = document.activeElement === this.stopping;
    this.sending.hidden = yes;
    this.stopping.hidden = !yes;
    if (!yes && hadFocus) this.focus();
  }

  focus() {
    this.field.focus({ preventScroll: true });
  }
}
