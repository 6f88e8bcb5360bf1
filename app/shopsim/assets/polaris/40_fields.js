// Fields: form-associated, labelled, with details and error tied to the control.
class Field extends Base {
  static formAssociated = true;
  static delegatesFocus = true;
  static control = '<input class="i" id="i">';
  static kind = 'text';
  static css = '';
  static common = `:host{display:block;color:var(--t);font-size:13px;line-height:20px;min-inline-size:0}label{display:block;margin-block-end:4px}label[hidden]+.w{margin-block-start:0}.req{color:#8e0b21}
.w{display:flex;align-items:center;gap:6px;min-block-size:32px;padding-inline:12px;background:#fdfdfd;border:1px solid #8a8a8a;border-block-start-color:#898f94;border-radius:8px}.w:hover{background:#fafafa;border-color:#616161}.w:focus-within{border-color:var(--focus);outline:2px solid var(--focus);outline-offset:-1px;background:#fff}
.i{flex:1;min-inline-size:0;inline-size:100%;border:0;background:0 0;outline:0;padding:5px 0;margin:0;font-size:13px;line-height:20px;color:inherit;text-align:start}.i::placeholder{color:#616161;opacity:1}.fix{color:var(--t2);white-space:nowrap}.fix:empty,.ic:empty{display:none}
:host([disabled]) .w{background:#0000000d;border-color:#0000;color:#616161}.bad .w{background:#fee9e8;border-color:#8e1f0b}
.d{color:var(--t2);margin-block-start:4px}.e{display:flex;gap:4px;align-items:flex-start;color:#8e1f0b;margin-block-start:4px}.e svg{margin-block-start:2px}@media (pointer:coarse){.i{font-size:16px}.w{min-block-size:40px}}`;
  #value;
  #dirty = false;
  #internals = this.attachInternals?.();

  static get html() {
    return `<div class="f"><label id="l" for="i"></label>${this.wrap(this.control)}<div class="d" id="d" hidden></div><div class="e" id="e" hidden></div></div>`;
  }
  static wrap(control) {
    return `<div class="w"><span class="ic"></span><span class="fix pre"></span>${control}<span class="fix suf"></span><slot name="accessory"></slot></div>`;
  }

  get form() {
    return this.#internals.form;
  }
  get input() {
    return this.$('.i');
  }
  get value() {
    return this.#value ?? this.getAttribute('value') ?? '';
  }
  set value(v) {
    this.#value = v === null || v === undefined ? '' : String(v);
    this.#dirty = true;
    this.show();
  }
  get defaultValue() {
    return this.getAttribute('value') ?? '';
  }
  set defaultValue(v) {
    this.setAttribute('value', v ?? '');
  }
  // show writes the value into the control and the form.
  show() {
    const el = this.input;
    if (el && el.value !== this.value) el.value = this.value;
    this.submitValue(this.value);
  }
  submitValue(v) {
    this.#internals.setFormValue(this.disabled ? null : v);
  }
  formResetCallback() {
    this.#value = undefined;
    this.#dirty = false;
    this.show();
  }
  formDisabledCallback() {
    this.update();
  }
  read() {
    return this.input.value;
  }
  setup() {
    const el = this.input;
    el.addEventListener('input', () => {
      this.#value = this.read();
      this.#dirty = true;
      this.submitValue(this.value);
    });
    el.addEventListener('change', () => {
      this.#value = this.read();
      this.submitValue(this.value);
      this.emit('change', { bubbles: true });
    });
    el.addEventListener('keydown', (e) => {
      if (e.key === 'Enter' && el.localName === 'input' && this.form && !e.isComposing) {
        this.emit('change', { bubbles: true });
        this.form.requestSubmit();
      }
    });
    this.start?.();
  }
  update(changed) {
    const el = this.input;
    if (changed === 'value' && !this.#dirty) this.#value = undefined;
    const label = this.$('#l');
    label.innerHTML = esc(this.label) + (this.required && this.label ? ' <span class="req" aria-hidden="true">*</span>' : '');
    label.className = this.labelAccessibilityVisibility === 'exclusive' ? 'vh' : '';
    label.hidden = !this.label;
    if (!this.label && this.accessibilityLabel) el.setAttribute('aria-label', this.accessibilityLabel);
    this.message('d', this.details);
    this.message('e', this.error);
    this.$('.f').classList.toggle('bad', Boolean(this.error));
    const by = [this.error && 'e', this.details && 'd'].filter(Boolean).join(' ');
    for (const [n, v] of [['aria-describedby', by], ['aria-invalid', this.error ? 'true' : ''], ['placeholder', this.placeholder], ['autocomplete', this.getAttribute('autocomplete')], ['minlength', this.getAttribute('minlength')], ['maxlength', this.getAttribute('maxlength')], ['min', this.getAttribute('min')], ['max', this.getAttribute('max')], ['step', this.getAttribute('step')], ['rows', this.getAttribute('rows')], ['inputmode', this.getAttribute('inputmode')]]) {
      if (v) el.setAttribute(n, v);
      else el.removeAttribute(n);
    }
    el.required = Boolean(this.required);
    el.disabled = Boolean(this.disabled);
    el.readOnly = Boolean(this.readOnly);
    const ic = this.$('.ic');
    if (ic) {
      ic.innerHTML = icon(this.fieldIcon?.() ?? this.icon ?? '');
      this.$('.pre').textContent = this.prefix || '';
      this.$('.suf').textContent = this.suffix || '';
    }
    this.own?.();
    this.show();
  }
  message(id, text) {
    const el = this.$(`#${id}`);
    el.hidden = !text;
    const html = text ? (id === 'e' ? `${icon('alert-circle', 16)}<span>${esc(text)}</span>` : esc(text)) : '';
    if (el.innerHTML !== html) el.innerHTML = html;
  }
}
const common = 'id disabled! name details error label required! labelAccessibilityVisibility value';
const typed = `${common} placeholder readOnly! autocomplete`;
const field = (kind, facts, extra = {}) => define(`s-${kind}-field`, { events: 'input change focus blur', slots: 'error details', ...facts }, class extends Field {
  static css = Field.common + iconCss + (extra.css || '');
  static control = `<input class="i" id="i" type="${extra.type || kind}">`;
  fieldIcon() {
    return extra.icon || this.icon;
  }
});
field('text', { props: `${typed} icon maxLength# minLength# suffix prefix`, slots: 'accessory error details' });
field('email', { props: `${typed} maxLength# minLength#` });
field('url', { props: `${typed} maxLength# minLength#` });
field('password', { props: `${typed} maxLength# minLength#` });
field('search', { props: `${typed} maxLength# minLength#` }, { icon: 'search', css: '.ic{--icon:#616161;color:#616161;margin-inline-start:-4px}.i::-webkit-search-cancel-button{cursor:pointer}' });
field('number', { props: `${typed} inputMode max# suffix prefix min# step#` }, { css: '.i{font-variant-numeric:tabular-nums}' });
define('s-money-field', { props: `${typed} max# min# currencyCode`, events: 'input change focus blur', slots: 'error details' }, class extends Field {
  static css = Field.common;
  static control = '<input class="i" id="i" type="text" inputmode="decimal">';
  own() {
    this.$('.pre').textContent = this.currencyCode;
  }
});
define('s-text-area', { props: `${typed} maxLength# minLength# rows#`, events: 'input change focus blur', slots: 'error details' }, class extends Field {
  static css = `${Field.common}.w{padding-block:1px}.i{resize:vertical;min-block-size:32px}`;
  static control = '<textarea class="i" id="i" rows="3"></textarea>';
});
define('s-date-field', { props: `${typed} view allow disallow allowDays disallowDays`, events: 'blur change focus input invalid viewchange', slots: 'error details' }, class extends Field {
  static css = Field.common;
  static control = '<input class="i" id="i" type="date">';
});
define('s-color-field', { props: `${typed} alpha!`, events: 'input change focus blur', slots: 'error details' }, class extends Field {
  static css = `${Field.common}.w{padding-inline-start:4px}input[type=color]{inline-size:24px;block-size:24px;flex:none;padding:0;border:1px solid #0003;border-radius:6px;background:0 0;cursor:pointer;overflow:hidden}input[type=color]::-webkit-color-swatch-wrapper{padding:0}input[type=color]::-webkit-color-swatch{border:0}.i{font-variant-numeric:tabular-nums}`;
  static control = '<input type="color" class="sw" aria-label="Pick a colour"><input class="i" id="i" type="text" spellcheck="false">';
  start() {
    const sw = this.$('.sw');
    for (const n of ['input', 'change']) {
      sw.addEventListener(n, (e) => {
        e.stopPropagation();
        this.value = sw.value;
        this.emit(n, { bubbles: true, composed: true });
      });
    }
  }
  own() {
    this.$('.sw').disabled = this.disabled || this.readOnly;
    this.$('.sw').setAttribute('aria-label', `${this.label || 'Colour'}: pick`);
  }
  show() {
    super.show();
    const sw = this.$('.sw');
    if (sw && /^#[0-9a-f]{6}$/i.test(this.value)) sw.value = this.value;
  }
});

// s-select mirrors its s-option children into a native <select>.
define('s-option', { props: 'disabled! value selected!', slots: '-' }, class extends Base {});
define('s-option-group', { props: 'disabled! label', slots: '-' }, class extends Base {});
define('s-select', { props: `${common} icon placeholder`, events: 'change input blur focus', slots: '- error details' }, class extends Field {
  static css = `${Field.common}${iconCss}.w{position:relative;padding:0;background:#fff;box-shadow:0 -1px 0 #b5b5b5 inset;border-color:#0000001a}.i{appearance:none;padding:5px 32px 5px 12px;cursor:pointer;text-overflow:ellipsis}:host(:dir(rtl)) .i{padding:5px 12px 5px 32px}.car{position:absolute;inset-inline-end:8px;pointer-events:none;color:#616161}.o{display:none}.ic:not(:empty){margin-inline:8px -6px}.il{color:#616161;padding-inline-start:12px}`;
  static control = '<select class="i" id="i"></select><span class="car"></span><slot class="o"></slot>';
  start() {
    this.$('.car').innerHTML = icon('select');
    new MutationObserver(() => this.update()).observe(this, { childList: true, subtree: true, characterData: true, attributes: true, attributeFilter: ['value', 'disabled', 'selected', 'label'] });
  }
  get value() {
    const v = super.value;
    return v || this.querySelector('s-option[selected]')?.getAttribute('value') || '';
  }
  set value(v) {
    super.value = v;
  }
  own() {
    const option = (o) => `<option value="${esc(o.getAttribute('value') ?? o.textContent)}"${o.hasAttribute('disabled') ? ' disabled' : ''}>${esc(o.textContent.trim())}</option>`;
    let html = this.placeholder ? `<option value="" disabled hidden>${esc(this.placeholder)}</option>` : '';
    for (const c of this.children) {
      if (c.localName === 's-option') html += option(c);
      else if (c.localName === 's-option-group') html += `<optgroup label="${esc(c.getAttribute('label'))}"${c.hasAttribute('disabled') ? ' disabled' : ''}>${[...c.children].map(option).join('')}</optgroup>`;
    }
    if (this.drawn !== html) {
      this.drawn = html;
      this.input.innerHTML = html;
    }
  }
  show() {
    const el = this.input;
    if (!el) return;
    const v = this.value;
    el.value = v;
    if (el.selectedIndex < 0 && !v) el.selectedIndex = 0;
    this.submitValue(v || el.value);
  }
});

// Checkbox and switch.
class Toggle extends Field {
  static common = `:host{display:block;color:var(--t);font-size:13px;line-height:20px}.r{display:flex;gap:8px;align-items:flex-start;min-block-size:24px}label{cursor:pointer;padding-block:1px}.d,.e{margin-block-start:2px}.d{color:var(--t2)}.e{display:flex;gap:4px;color:#8e1f0b}.req{color:#8e0b21}:host([disabled]) label{color:#616161;cursor:default}`;
  #checked;
  static get html() {
    return `<div class="f"><div class="r">${this.control}<div><label id="l" for="i"></label><div class="d" id="d" hidden></div><div class="e" id="e" hidden></div></div></div></div>`;
  }
  get checked() {
    return this.#checked ?? this.hasAttribute('checked');
  }
  set checked(v) {
    this.#checked = Boolean(v);
    this.show();
  }
  get defaultChecked() {
    return this.hasAttribute('checked');
  }
  set defaultChecked(v) {
    this.toggleAttribute('checked', Boolean(v));
  }
  get value() {
    return this.getAttribute('value') ?? 'on';
  }
  set value(v) {
    this.setAttribute('value', v ?? '');
  }
  show() {
    const el = this.input;
    if (el) el.checked = this.checked;
    this.submitValue(this.checked ? this.value : null);
  }
  read() {
    this.#checked = this.input.checked;
    return this.value;
  }
  formResetCallback() {
    this.#checked = undefined;
    this.show();
  }
  setup() {
    this.input.addEventListener('input', () => {
      this.#checked = this.input.checked;
      this.submitValue(this.checked ? this.value : null);
    });
    this.input.addEventListener('change', () => {
      this.#checked = this.input.checked;
      this.emit('change', { bubbles: true });
    });
  }
  own() {
    const el = this.input;
    if ('indeterminate' in this.constructor.prototype) el.indeterminate = this.indeterminate;
    if (this.accessibilityLabel) el.setAttribute('aria-label', this.accessibilityLabel);
  }
}
const toggled = 'required! labelAccessibilityVisibility value disabled! accessibilityLabel checked! details error label name';
// Drawn with borders: a data: picture would need a hole in the app's CSP.
const tick = 'content:"";position:absolute;inset-block-start:2px;left:5px;inline-size:5px;block-size:9px;border:solid #fff;border-width:0 2px 2px 0;transform:rotate(45deg)';
define('s-checkbox', { props: `indeterminate! ${toggled}`, events: 'change input blur', slots: 'error details' }, class extends Toggle {
  static css = `${Toggle.common}.i{appearance:none;position:relative;inline-size:18px;block-size:18px;margin:2px 0;flex:none;border:1px solid #8a8a8a;border-radius:4px;background:#fff center no-repeat;cursor:pointer}.i:checked,.i:indeterminate{background-color:#303030;border-color:#303030}.i:checked:not(:indeterminate)::after{${tick}}.i:indeterminate{background-image:linear-gradient(#fff,#fff);background-size:10px 2px}.i:focus-visible{outline:2px solid var(--focus);outline-offset:1px}.i:disabled{background-color:#0000000d;border-color:#0000}.bad .i{border-color:#8e1f0b;background-color:#fee9e8}`;
  static control = '<input class="i" id="i" type="checkbox">';
});
define('s-switch', { props: toggled, events: 'change input blur' }, class extends Toggle {
  static css = `${Toggle.common}.i{appearance:none;position:relative;inline-size:32px;block-size:20px;margin:1px 0;flex:none;border-radius:10px;background:#8a8a8a;cursor:pointer;transition:background .15s}.i::after{content:"";position:absolute;inset-block-start:2px;inset-inline-start:2px;inline-size:16px;block-size:16px;border-radius:50%;background:#fff;box-shadow:0 1px 2px #0004;transition:inset-inline-start .15s}.i:checked{background:#303030}.i:checked::after{inset-inline-start:14px}.i:focus-visible{outline:2px solid var(--focus);outline-offset:1px}.i:disabled{opacity:.45}`;
  static control = '<input class="i" id="i" type="checkbox" role="switch">';
});

// Choices are radios or checkboxes; the list is the form value and the keyboard group.
define('s-choice', { props: 'disabled! accessibilityLabel value selected!', slots: '- details secondary-content' }, class extends Base {
  static css = `:host{display:flex;gap:8px;align-items:flex-start;cursor:pointer;font-size:13px;line-height:20px;padding-block:2px;border-radius:6px;outline:0}.m{inline-size:18px;block-size:18px;margin-block:1px;flex:none;border:1px solid #8a8a8a;border-radius:50%;background:#fff;position:relative}:host([aria-checked=true]) .m{border:5px solid #303030}:host([role=checkbox]) .m{border-radius:4px}:host([role=checkbox][aria-checked=true]) .m{border:1px solid #303030;background-color:#303030}:host([role=checkbox][aria-checked=true]) .m::after{${tick}}:host(:focus-visible) .m{outline:2px solid var(--focus);outline-offset:1px}:host([aria-disabled=true]){color:#616161;cursor:default}.d{display:block;color:var(--t2)}.s{margin-block-start:8px}`;
  static html = '<span class="m"></span><span><slot></slot><span class="d"><slot name="details"></slot></span><slot name="secondary-content"></slot></span>';
  update() {
    this.closest('s-choice-list')?.refresh?.();
    if (this.accessibilityLabel) this.host('aria-label', this.accessibilityLabel);
  }
});
define('s-choice-list', { props: 'disabled! multiple! details error label name labelAccessibilityVisibility values', events: 'change input', slots: '-' }, class extends Base {
  static formAssociated = true;
  static css = `:host{display:block;color:var(--t);font-size:13px;line-height:20px}.l{margin:0 0 4px}.d{color:var(--t2);margin-block-start:4px}.e{color:#8e1f0b;margin-block-start:4px}`;
  static html = '<p class="l"></p><slot></slot><div class="d" hidden></div><div class="e" hidden></div>';
  #internals = this.attachInternals?.();
  get choices() {
    return [...this.querySelectorAll('s-choice')];
  }
  get values() {
    return this.choices.filter((c) => c.selected).map((c) => c.getAttribute('value') ?? '');
  }
  set values(v) {
    const want = Array.isArray(v) ? v : [];
    for (const c of this.choices) c.selected = want.includes(c.getAttribute('value') ?? '');
    this.refresh();
  }
  setup() {
    this.addEventListener('click', (e) => this.pick(e.target.closest?.('s-choice'), e));
    this.addEventListener('keydown', (e) => {
      const at = e.target.closest?.('s-choice');
      if (!at || e.target !== at) return;
      if (e.key === ' ' || e.key === 'Enter') {
        e.preventDefault();
        this.pick(at, e);
        return;
      }
      const back = ['ArrowUp', getComputedStyle(this).direction === 'rtl' ? 'ArrowRight' : 'ArrowLeft'].includes(e.key);
      const on = ['ArrowDown', getComputedStyle(this).direction === 'rtl' ? 'ArrowLeft' : 'ArrowRight'].includes(e.key);
      if (!back && !on) return;
      e.preventDefault();
      const all = this.choices.filter((c) => !c.disabled);
      const next = all[(all.indexOf(at) + (back ? -1 : 1) + all.length) % all.length];
      next.focus();
      if (!this.multiple) this.pick(next, e);
    });
    new MutationObserver(() => this.refresh()).observe(this, { childList: true, subtree: true });
  }
  pick(choice, e) {
    if (!choice || choice.disabled || this.disabled) return;
    if (e.type === 'click' && e.target.closest('a,button,input,select,textarea,s-link,s-button,[slot=secondary-content]')) return;
    if (this.multiple) choice.selected = !choice.selected;
    else {
      if (choice.selected) return;
      for (const c of this.choices) c.selected = c === choice;
    }
    this.refresh();
    this.emit('input', { bubbles: true });
    this.emit('change', { bubbles: true });
  }
  refresh() {
    const all = this.choices;
    const tab = all.find((c) => c.selected && !c.disabled) ?? all.find((c) => !c.disabled);
    for (const c of all) {
      c.host('role', this.multiple ? 'checkbox' : 'radio');
      c.host('aria-checked', String(c.selected));
      c.host('aria-disabled', this.disabled || c.disabled ? 'true' : null);
      c.host('tabindex', this.multiple || c === tab ? '0' : '-1');
    }
    const data = new FormData();
    for (const v of this.values) data.append(this.name || 'choice', v);
    this.#internals?.setFormValue(this.name && !this.disabled ? data : null);
  }
  update() {
    this.host('role', this.multiple ? 'group' : 'radiogroup');
    this.host('aria-label', this.label);
    this.host('aria-invalid', this.error && !this.multiple ? 'true' : null);
    this.host('aria-description', [this.error, this.details].filter(Boolean).join(' '));
    this.$('.l').textContent = this.label;
    this.$('.l').className = this.labelAccessibilityVisibility === 'exclusive' ? 'l vh' : 'l';
    this.$('.l').setAttribute('aria-hidden', 'true');
    for (const [c, t] of [['.d', this.details], ['.e', this.error]]) {
      this.$(c).textContent = t;
      this.$(c).hidden = !t;
    }
    this.refresh();
  }
});
