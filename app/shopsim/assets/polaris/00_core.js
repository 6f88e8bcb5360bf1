// Core of the Polaris stand-in: how one element is declared and drawn.
//
// An element is declared by `define(tag, facts, class)`. The facts are the
// element's public surface (props, events, slots), written as Shopify's own
// custom-elements.json has it; a Go test reads them from this source and
// compares. Whatever is not declared cannot be set, observed or emitted.
//
//   props   camelCase field names; `!` marks a boolean, `#` a number
//   events  names that the element may emit
//   slots   named slots; `-` is the default slot
const registry = new Map();
const native = new Set(['id', 'lang', 'dir', 'hidden', 'inputMode', 'slot', 'title']);
const words = (s) => (s || '').split(/\s+/).filter(Boolean);
const esc = (s) => String(s ?? '').replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);
let serial = 0;
const uid = (p) => `${p}${++serial}`;

function sheet(css) {
  const s = new CSSStyleSheet();
  s.replaceSync(css);
  return s;
}

const tokens = sheet(`
:host{box-sizing:border-box;--t:#303030;--t2:#616161;--b:#e3e3e3;--b2:#8a8a8a;--sf:#fff;--sf2:#f7f7f7;--sf3:#f1f1f1;--link:#005bd3;--focus:#005bd3;--crit:#8e0b21;
 font-family:Inter,-apple-system,BlinkMacSystemFont,"San Francisco","Segoe UI",Roboto,"Helvetica Neue","Noto Sans",sans-serif;-webkit-font-smoothing:antialiased}
:host([hidden]){display:none!important}
*,*::before,*::after{box-sizing:border-box}
button,input,select,textarea{font:inherit;color:inherit;letter-spacing:inherit}
.vh{position:absolute!important;inline-size:1px!important;block-size:1px!important;margin:-1px!important;padding:0!important;overflow:hidden!important;clip-path:inset(50%)!important;white-space:nowrap!important;border:0!important}
[hidden]{display:none!important}
@media (prefers-reduced-motion:reduce){*{animation-duration:.01ms!important;transition:none!important}}
`);

class Base extends HTMLElement {
  static css = '';
  static html = '<slot></slot>';
  static delegatesFocus = false;
  #drawn = false;

  constructor() {
    super();
    const root = this.attachShadow({ mode: 'open', delegatesFocus: this.constructor.delegatesFocus });
    root.adoptedStyleSheets = [tokens, this.constructor.ownSheet];
    root.innerHTML = this.constructor.html;
  }

  $(selector) {
    return this.shadowRoot.querySelector(selector);
  }

  // setup runs once, on first connection; update after every change.
  setup() {}
  update() {}

  connectedCallback() {
    if (!this.#drawn) {
      this.#drawn = true;
      // A property set before the element was upgraded hides our accessor.
      for (const name of this.constructor.names) {
        if (!native.has(name) && Object.hasOwn(this, name)) {
          const value = this[name];
          delete this[name];
          this[name] = value;
        }
      }
      this.setup();
    }
    this.update();
  }

  attributeChangedCallback(name, before, after) {
    if (this.#drawn && before !== after) this.update(name);
  }

  emit(name, init = {}) {
    if (!this.constructor.events.includes(name)) throw new Error(`${this.localName} has no event ${name}`);
    return this.dispatchEvent(new Event(name, init));
  }

  // host sets an ARIA attribute on the element unless the page set its own.
  host(name, value) {
    if (value === null || value === undefined || value === '') this.removeAttribute(name);
    else if (this.getAttribute(name) !== String(value)) this.setAttribute(name, value);
  }

  layer(css) {
    if (!this.ownLayer) {
      this.ownLayer = new CSSStyleSheet();
      this.shadowRoot.adoptedStyleSheets = [...this.shadowRoot.adoptedStyleSheets, this.ownLayer];
    }
    if (this.layerText !== css) {
      this.layerText = css;
      this.ownLayer.replaceSync(css);
    }
  }

  has(slot) {
    for (const child of this.children) if (child.slot === slot) return true;
    return false;
  }
}

function define(tag, facts, cls) {
  const props = words(facts.props);
  cls.names = props.map((p) => p.replace(/[!#]$/, ''));
  cls.events = words(facts.events);
  cls.slots = words(facts.slots);
  cls.ownSheet = sheet(cls.css);
  cls.observedAttributes = cls.names.map((n) => n.toLowerCase());
  for (const p of props) {
    const name = p.replace(/[!#]$/, '');
    if (native.has(name) || Object.hasOwn(cls.prototype, name) || inherits(cls, name)) continue;
    const attr = name.toLowerCase();
    const kind = p.endsWith('!') ? 'boolean' : p.endsWith('#') ? 'number' : 'string';
    Object.defineProperty(cls.prototype, name, {
      configurable: true,
      enumerable: true,
      get() {
        if (kind === 'boolean') return this.hasAttribute(attr) && this.getAttribute(attr) !== 'false';
        const v = this.getAttribute(attr);
        return kind === 'number' ? (v === null || v === '' ? undefined : Number(v)) : v ?? '';
      },
      set(v) {
        if (v === null || v === undefined || v === false) this.removeAttribute(attr);
        else this.setAttribute(attr, v === true ? '' : v);
      },
    });
  }
  registry.set(tag, cls);
  if (!customElements.get(tag)) customElements.define(tag, cls);
}

function inherits(cls, name) {
  for (let p = Object.getPrototypeOf(cls.prototype); p && p !== HTMLElement.prototype; p = Object.getPrototypeOf(p)) {
    if (Object.hasOwn(p, name)) return p !== Base.prototype || typeof p[name] !== 'undefined';
  }
  return false;
}

// --- Values of the design system -------------------------------------------
const space = { none: '0', 'small-500': '2px', 'small-400': '4px', 'small-300': '6px', 'small-200': '8px', 'small-100': '12px', small: '12px', base: '16px', large: '20px', 'large-100': '20px', 'large-200': '24px', 'large-300': '32px', 'large-400': '40px', 'large-500': '48px' };
const radius = { none: '0', 'small-200': '2px', 'small-100': '4px', small: '6px', base: '8px', large: '12px', 'large-100': '12px', 'large-200': '16px', max: '999px' };
const fontSize = { 'small-200': '11px/14px', 'small-100': '12px/16px', small: '12px/16px', base: '13px/20px', large: '14px/20px', 'large-100': '16px/24px', 'large-200': '20px/28px', 'large-300': '24px/32px', 'large-400': '30px/36px', 'large-500': '36px/44px' };
const tone = { auto: 'inherit', neutral: '#616161', info: '#00527c', success: '#0c5132', caution: '#4f4700', warning: '#5e4200', critical: '#8e0b21' };
const dimension = { '0': '0', auto: 'auto', none: 'none' };

const map = (table) => (v) => words(v).map((w) => table[w] ?? w).join(' ');

// responsive writes a declaration for a value that may be conditional:
// "@container (inline-size > 500px) large, base".
function responsive(property, value, convert) {
  if (!value) return '';
  const m = /^@container\s*([^(]*)((?:\((?:[^()]|\([^()]*\))*\)\s*(?:and|or|not)?\s*)+)([\s\S]*)$/.exec(value.trim());
  if (!m) return `:host{${property}:${convert(value)}}`;
  let depth = 0;
  let cut = m[3].length;
  for (let i = 0; i < m[3].length; i++) {
    const c = m[3][i];
    if (c === '(') depth++;
    else if (c === ')') depth--;
    else if (c === ',' && !depth) {
      cut = i;
      break;
    }
  }
  const yes = m[3].slice(0, cut).trim();
  const no = m[3].slice(cut + 1).trim();
  return `${responsive(property, no, convert)}@container ${m[1].trim()} ${m[2].trim()}{:host{${property}:${convert(yes)}}}`;
}

const roles = { header: 'banner', footer: 'contentinfo', section: 'region', aside: 'complementary', 'ordered-list': 'list', 'unordered-list': 'list', 'list-item': 'listitem', 'list-item-separator': 'separator', generic: '' };

// accessible applies accessibilityRole, -Label and -Visibility to the host.
function accessible(el) {
  const role = el.accessibilityRole;
  if (role) el.host('role', roles[role] ?? role);
  if (el.accessibilityLabel) {
    el.host('aria-label', el.accessibilityLabel);
    if (!el.getAttribute('role')) el.host('role', 'group');
  }
  const seen = el.accessibilityVisibility;
  if (seen === 'hidden') el.host('aria-hidden', 'true');
  else if (seen) el.removeAttribute('aria-hidden');
}
const exclusive = ':host([accessibilityvisibility=exclusive]){position:absolute!important;inline-size:1px!important;block-size:1px!important;margin:-1px!important;padding:0!important;overflow:hidden!important;clip-path:inset(50%)!important;white-space:nowrap!important}';

// find looks an id up in the element's own tree.
const find = (el, id) => (id ? el.getRootNode().getElementById?.(id) ?? document.getElementById(id) : null);
