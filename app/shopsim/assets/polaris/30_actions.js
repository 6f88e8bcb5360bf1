// Actions and status: buttons, links, badges, banners, chips, progress.

// run carries out what a clickable was asked to do besides its own click:
// submit a form, command another element.
function run(el, event) {
  if (event.defaultPrevented || el.disabled || el.loading) return;
  const target = find(el, el.commandFor);
  if (target) {
    event.preventDefault();
    command(target, el.command || '--auto', el);
    return;
  }
  if (el.href || !el.type || el.type === 'button') return;
  const form = el.closest('form');
  if (el.type === 'submit') form?.requestSubmit();
  else if (el.type === 'reset') form?.reset();
}
function command(target, verb, from) {
  if (verb === '--copy') navigator.clipboard?.writeText(target.textContent || target.value || '');
  else if (verb === '--show') target.showOverlay?.(from);
  else if (verb === '--hide') target.hideOverlay?.(from);
  else target.toggleOverlay?.(from);
}
const wired = new WeakSet();
function interest(el, over) {
  if (wired.has(el) || !el.interestFor) return;
  wired.add(el);
  const show = () => find(el, el.interestFor)?.showOverlay?.(el);
  const hide = () => find(el, el.interestFor)?.hideOverlay?.(el);
  over.addEventListener('pointerenter', show);
  over.addEventListener('pointerleave', hide);
  over.addEventListener('focusin', show);
  over.addEventListener('focusout', hide);
  over.addEventListener('keydown', (e) => e.key === 'Escape' && hide());
}

// Clickable draws a <button> or, with href, an <a>, and keeps its slot in it.
class Clickable extends Base {
  static delegatesFocus = true;
  static html = '';
  setup() {
    this.addEventListener('click', (e) => {
      if (this.disabled || this.loading) {
        e.preventDefault();
        e.stopImmediatePropagation();
      }
    }, true);
    // Like a native activation: after every listener has had its chance to preventDefault.
    this.addEventListener('click', (e) => {
      if (this.commandFor && this.href) run(this, e);
      else setTimeout(() => run(this, e));
    });
  }
  inner() {
    const want = this.href ? 'a' : 'button';
    let el = this.$('.i');
    if (el?.localName !== want) {
      el = document.createElement(want);
      el.className = 'i';
      el.innerHTML = this.constructor.face;
      this.shadowRoot.replaceChildren(el);
    }
    if (want === 'a') {
      if (el.getAttribute('href') !== this.href) el.setAttribute('href', this.href);
      const t = this.getAttribute('target');
      if (t && t !== 'auto') el.target = t;
      else el.removeAttribute('target');
      if (t === '_blank') el.rel = 'noopener';
      if (this.hasAttribute('download')) el.setAttribute('download', this.download);
    } else {
      el.type = 'button';
      el.disabled = Boolean(this.disabled);
      if (this.loading) el.setAttribute('aria-disabled', 'true');
      else el.removeAttribute('aria-disabled');
    }
    const popup = find(this, this.commandFor);
    const kind = { 's-menu': 'menu', 's-popover': 'dialog', 's-modal': 'dialog' }[popup?.localName];
    if (kind) el.setAttribute('aria-haspopup', kind);
    if (this.accessibilityLabel) el.setAttribute('aria-label', this.accessibilityLabel);
    else el.removeAttribute('aria-label');
    if (this.closest('s-menu')) el.setAttribute('role', 'menuitem');
    interest(this, this);
    return el;
  }
  click() {
    (this.$('.i') ?? this).dispatchEvent(new MouseEvent('click', { bubbles: true, cancelable: true, composed: true }));
  }
}
const clickProps = 'accessibilityLabel lang type interestFor disabled! download target commandFor command loading! href';

define('s-button', { props: `tone icon variant inlineSize ${clickProps}`, events: 'click focus blur', slots: '-' }, class extends Clickable {
  static face = '<span class="ic"></span><span class="l"><slot></slot></span><span class="sp" hidden></span>';
  static css = `:host{display:inline-flex;vertical-align:middle;min-inline-size:0}:host([inlinesize=fill]){display:flex}:host([inlinesize=fill]) .i{inline-size:100%}
.i{position:relative;display:inline-flex;align-items:center;justify-content:center;gap:4px;min-block-size:28px;min-inline-size:28px;padding:4px 12px;border:0;border-radius:8px;font-size:12px;line-height:16px;font-weight:550;text-decoration:none;cursor:pointer;color:#303030;background:#fff;box-shadow:0 -1px 0 #b5b5b5 inset,0 0 0 1px #0000001a inset,0 .5px 0 1.5px #fff inset;white-space:nowrap;text-align:center}
.i:hover{background:#fafafa}.i:active{background:#f7f7f7;box-shadow:0 2px 1px #1a1a1a33 inset,1px 0 1px #1a1a1a1f inset,-1px 0 1px #1a1a1a1f inset}.i:focus-visible{outline:2px solid var(--focus);outline-offset:1px}
.ic{display:inline-flex}.ic:empty{display:none}.ic{--icon:currentColor;margin-inline-start:-4px}.only .ic{margin:0}.only{padding:4px}.only .l{display:none}
:host([variant=primary]) .i{color:#fff;background:linear-gradient(180deg,#30303000 63.5%,#ffffff26 100%),#303030;box-shadow:0 -1px 0 1px #000c inset,0 0 0 1px #303030 inset,0 .5px 0 1.5px #ffffff40 inset;font-weight:600}:host([variant=primary]) .i:hover{background-color:#1a1a1a}
:host([variant=tertiary]) .i{background:0 0;box-shadow:none}:host([variant=tertiary]) .i:hover{background:#0000000d}
:host([tone=critical]) .i{color:#8e1f0b}:host([tone=critical][variant=primary]) .i{color:#fff;background:linear-gradient(180deg,#30303000 63.5%,#ffffff26 100%),#c70a24;box-shadow:0 -1px 0 1px #8e0b21 inset,0 0 0 1px #c70a24 inset,0 .5px 0 1.5px #ffffff40 inset}
.i:disabled,:host([disabled]) a.i{cursor:default;color:#8a8a8a!important;background:#0000000d!important;box-shadow:none!important}:host([variant=primary]) .i:disabled{color:#fff!important;background:#00000059!important}
.load .l,.load .ic{opacity:0}.sp{position:absolute;inset:0;margin:auto;inline-size:16px;block-size:16px;border-radius:50%;border:2px solid currentColor;border-block-start-color:#0000;animation:r .7s linear infinite}@keyframes r{to{transform:rotate(1turn)}}
:host([data-menu]),:host([data-menu]) .i{display:flex;inline-size:100%}:host([data-menu]) .i{justify-content:flex-start;background:0 0;box-shadow:none;font-size:13px;line-height:20px;font-weight:450;padding:6px 8px;gap:8px}:host([data-menu]) .i:hover,:host([data-menu]) .i:focus-visible{background:#f1f1f1}:host([data-menu]) .ic{margin:0}
@media (pointer:coarse){.i{min-block-size:36px;font-size:14px;padding-inline:14px}.only{min-inline-size:36px}}${iconCss}`;
  setup() {
    super.setup();
    this.shadowRoot.addEventListener('slotchange', () => this.update());
  }
  update() {
    this.toggleAttribute('data-menu', Boolean(this.closest('s-menu')));
    const el = this.inner();
    const ic = this.$('.ic');
    const html = icon(this.icon);
    if (ic.innerHTML !== html) ic.innerHTML = html;
    el.classList.toggle('only', Boolean(this.icon) && !this.textContent.trim());
    el.classList.toggle('load', this.loading);
    this.$('.sp').hidden = !this.loading;
    if (this.loading) el.setAttribute('aria-busy', 'true');
    else el.removeAttribute('aria-busy');
  }
});
define('s-button-group', { props: 'accessibilityLabel gap', slots: '- primary-action secondary-actions' }, class extends Base {
  static css = ':host{display:inline-flex;gap:8px;flex-wrap:wrap;align-items:center}:host([gap=none]){gap:0}';
  static html = '<slot></slot><slot name="secondary-actions"></slot><slot name="primary-action"></slot>';
  update() {
    this.host('role', 'group');
    this.host('aria-label', this.accessibilityLabel);
  }
});
define('s-press-button', { props: 'tone icon variant disabled! accessibilityLabel inlineSize loading! lang pressed!', events: 'click focus blur', slots: '-' }, class extends Clickable {
  static face = '<span class="ic"></span><slot></slot>';
  static css = `:host{display:inline-flex}.i{display:inline-flex;gap:4px;align-items:center;min-block-size:28px;padding:4px 12px;border:0;border-radius:8px;font-size:12px;font-weight:550;cursor:pointer;background:#fff;box-shadow:0 -1px 0 #b5b5b5 inset,0 0 0 1px #0000001a inset}.i[aria-pressed=true]{background:#e3e3e3;box-shadow:0 1px 2px #0004 inset}.i:focus-visible{outline:2px solid var(--focus);outline-offset:1px}${iconCss}`;
  setup() {
    super.setup();
    this.addEventListener('click', () => (this.pressed = !this.pressed));
  }
  update() {
    const el = this.inner();
    el.setAttribute('aria-pressed', String(this.pressed));
    this.$('.ic').innerHTML = icon(this.icon);
  }
});
define('s-link', { props: 'tone accessibilityLabel lang interestFor download target commandFor command href', events: 'click', slots: '-' }, class extends Clickable {
  static face = '<slot></slot>';
  static css = ':host{display:inline}.i{display:inline;padding:0;border:0;background:0 0;color:var(--link);text-decoration:underline;text-underline-offset:2px;cursor:pointer;font:inherit;text-align:start;border-radius:4px;overflow-wrap:anywhere}.i:hover{text-decoration-thickness:2px}.i:focus-visible{outline:2px solid var(--focus);outline-offset:1px}:host([tone=neutral]) .i{color:inherit}:host([tone=critical]) .i{color:#8e0b21}';
  update() {
    this.inner();
  }
});
define('s-clickable', { props: `${boxProps} ${clickProps}`, events: 'click focus blur', slots: '-' }, class extends Clickable {
  static flow = 'block';
  static face = '<slot></slot>';
  static css = `:host{display:block;cursor:pointer;transition:background .1s}.i{display:block;inline-size:100%;block-size:100%;padding:0;margin:0;border:0;background:0 0;color:inherit;text-decoration:none;text-align:start;font:inherit;cursor:inherit;border-radius:inherit}.i:focus-visible{outline:2px solid var(--focus);outline-offset:1px}:host(:hover:not([disabled])){background:#f7f7f7}:host([disabled]){cursor:default;opacity:.6}${exclusive}`;
  update() {
    this.inner();
    this.layer(boxCss(this));
  }
});

const badges = { neutral: '#0000000f;color:#616161', auto: '#0000000f;color:#616161', info: '#e0f0ff;color:#00527c', success: '#affebf;color:#014b40', caution: '#fff8db;color:#4f4700', warning: '#ffd6a4;color:#5e4200', critical: '#fed1d7;color:#8e0b21' };
const strongBadges = { neutral: '#616161;color:#fff', auto: '#616161;color:#fff', info: '#0094d5;color:#00131f', success: '#047b5d;color:#fff', caution: '#ffe600;color:#332e00', warning: '#ffb800;color:#251a00', critical: '#c70a24;color:#fff' };
define('s-badge', { props: 'color icon size tone', slots: '-' }, class extends Base {
  static css = `:host{display:inline-flex;vertical-align:middle}span.b{display:inline-flex;align-items:center;gap:2px;padding:2px 8px;border-radius:8px;font-size:12px;line-height:16px;font-weight:550;white-space:nowrap}:host([size^=large]) .b{padding:4px 10px;font-size:13px}.b svg{margin-inline-start:-4px}${iconCss}`;
  static html = '<span class="b"><span class="ic"></span><slot></slot></span>';
  update() {
    const t = this.getAttribute('tone') || 'auto';
    this.layer(`.b{background:${(this.color === 'strong' ? strongBadges : badges)[t] ?? badges.auto}}`);
    this.$('.ic').innerHTML = icon(this.icon, 16);
  }
});
const banners = { auto: ['#e3e3e3', '#303030', 'info'], info: ['#91d0ff', '#001f33', 'info'], success: ['#047b5d', '#fff', 'check-circle'], warning: ['#ffb800', '#251a00', 'alert-triangle'], critical: ['#c70a24', '#fff', 'alert-diamond'] };
define('s-banner', { props: 'tone heading dismissible! hidden!', events: 'dismiss afterhide', slots: '- secondary-actions' }, class extends Base {
  static css = `:host{display:block;font-size:13px;line-height:20px;color:var(--t)}section{background:#fff;border-radius:12px;overflow:hidden;box-shadow:0 0 0 1px #00000014,0 1px 2px #0000001a}
.bar{display:flex;align-items:center;gap:8px;padding:10px 12px;font-weight:650}.bar p{margin:0;flex:1;overflow-wrap:anywhere}.bar button{border:0;background:0 0;padding:2px;border-radius:6px;cursor:pointer;color:inherit;display:inline-flex}.bar button:focus-visible{outline:2px solid currentColor}.bd{padding:12px}.act{display:flex;gap:8px;flex-wrap:wrap}.act:not([hidden]){margin-block-start:12px}.plain{display:flex;gap:8px;align-items:flex-start;padding:12px}.plain .bd{padding:0;flex:1}${iconCss}`;
  static html = '<section><div class="bar"><span class="ic"></span><p id="h"></p><button type="button" aria-label="Dismiss"></button></div><div class="bd"><slot></slot><div class="act"><slot name="secondary-actions"></slot></div></div></section>';
  setup() {
    const b = this.$('button');
    b.innerHTML = icon('x');
    b.addEventListener('click', () => {
      this.emit('dismiss');
      this.hidden = true;
      this.emit('afterhide');
    });
    this.shadowRoot.addEventListener('slotchange', () => this.update());
  }
  update() {
    const t = this.getAttribute('tone') || 'auto';
    const [bg, fg, ic] = banners[t] ?? banners.auto;
    this.layer(`.bar{background:${bg};color:${fg}}`);
    this.$('.ic').innerHTML = icon(ic);
    this.$('#h').textContent = this.heading || { info: 'Note', success: 'Done', warning: 'Warning', critical: 'Error' }[t] || 'Note';
    this.$('button').hidden = !this.dismissible;
    this.$('.act').hidden = !this.has('secondary-actions');
    this.$('.bd').hidden = !this.textContent.trim() && !this.children.length;
    const s = this.$('section');
    s.setAttribute('role', t === 'critical' ? 'alert' : 'status');
    s.setAttribute('aria-labelledby', 'h');
  }
});

class Chip extends Base {
  static css = `:host{display:inline-flex}.b{display:inline-flex;align-items:center;gap:4px;border-radius:8px;padding:2px 8px;background:#e3e3e3;font-size:12px;line-height:16px;color:#303030;min-block-size:24px}:host([color=strong]) .b{background:#303030;color:#fff}:host([color=subdued]) .b{background:#f1f1f1}button,a{border:0;background:0 0;padding:0;color:inherit;cursor:pointer;display:inline-flex;border-radius:4px;text-decoration:none;font:inherit}:is(button,a):focus-visible{outline:2px solid var(--focus);outline-offset:1px}${iconCss}`;
  static html = '<span class="b"><slot name="graphic"></slot><slot></slot><button class="rm" type="button" hidden></button></span>';
  setup() {
    const b = this.$('.rm');
    b.innerHTML = icon('x', 16);
    b.addEventListener('click', (e) => {
      e.stopPropagation();
      this.emit('remove');
    });
  }
  update() {
    this.$('.rm').hidden = !this.removable;
    this.$('.rm').setAttribute('aria-label', `Remove ${this.accessibilityLabel || this.textContent.trim()}`);
  }
}
define('s-chip', { props: 'color accessibilityLabel removable!', events: 'remove', slots: '- graphic' }, class extends Chip {});
define('s-clickable-chip', { props: 'hidden! disabled! href removable! color interestFor accessibilityLabel commandFor command', events: 'click remove afterhide', slots: '- graphic' }, class extends Chip {
  static delegatesFocus = true;
  static html = '<span class="b"><button class="go" type="button"><slot name="graphic"></slot><slot></slot></button><button class="rm" type="button" hidden></button></span>';
  setup() {
    super.setup();
    this.addEventListener('click', (e) => {
      if (e.composedPath().includes(this.$('.go'))) setTimeout(() => (this.href && !e.defaultPrevented ? location.assign(this.href) : run(this, e)));
    });
  }
  update() {
    super.update();
    const go = this.$('.go');
    go.disabled = this.disabled;
    if (this.accessibilityLabel) go.setAttribute('aria-label', this.accessibilityLabel);
  }
});
define('s-progress', { props: 'accessibilityLabel max# tone value#' }, class extends Base {
  static css = ':host{display:block;block-size:8px;border-radius:8px;background:#e3e3e3;overflow:hidden}div{block-size:100%;background:#303030;border-radius:8px;transition:inline-size .2s}';
  static html = '<div></div>';
  update() {
    const max = this.max || 1;
    const v = Math.max(0, Math.min(max, this.value || 0));
    this.host('role', 'progressbar');
    this.host('aria-label', this.accessibilityLabel || 'Progress');
    this.host('aria-valuemax', max);
    this.host('aria-valuenow', v);
    const c = { critical: '#c70a24', success: '#047b5d', warning: '#ffb800', info: '#0094d5' }[this.getAttribute('tone')] ?? '#303030';
    this.layer(`div{inline-size:${(100 * v) / max}%;background:${c}}`);
  }
});
define('s-empty-state', { props: 'heading', slots: 'primary-action secondary-actions graphic subheading' }, class extends Base {
  static css = ':host{display:flex;flex-direction:column;align-items:center;text-align:center;gap:8px;padding:32px 16px;color:var(--t);font-size:13px;line-height:20px}h3{margin:0;font-size:14px;line-height:20px;font-weight:650}.a{display:flex;gap:8px;margin-block-start:8px}.s{color:var(--t2);max-inline-size:400px}';
  static html = '<slot name="graphic"></slot><h3></h3><div class="s"><slot name="subheading"></slot></div><div class="a"><slot name="secondary-actions"></slot><slot name="primary-action"></slot></div>';
  update() {
    this.$('h3').textContent = this.heading;
  }
});
