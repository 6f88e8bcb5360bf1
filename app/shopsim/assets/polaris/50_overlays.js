// Overlays: modal on <dialog>, popover, menu and tooltip in the top layer.
define('s-modal', { props: 'size heading accessibilityLabel padding hideOverlay showOverlay toggleOverlay', events: 'hide show afterhide aftershow', slots: '- primary-action secondary-actions' }, class extends Base {
  static css = `:host{display:contents}dialog{border:0;padding:0;margin:auto;inline-size:min(620px,calc(100vw - 32px));max-block-size:min(80vh,calc(100dvh - 32px));border-radius:16px;background:#fff;color:var(--t);font-size:13px;line-height:20px;box-shadow:0 20px 40px -8px #0000004d;overflow:hidden;flex-direction:column}dialog[open]{display:flex;animation:in .15s ease-out}dialog::backdrop{background:#000000b5}@keyframes in{from{transform:translateY(8px);opacity:0}}
header{display:flex;align-items:center;gap:8px;padding:12px 16px;background:#f3f3f3;border-block-end:1px solid #e3e3e3}h2{font-size:14px;line-height:20px;font-weight:650;margin:0;flex:1;overflow-wrap:anywhere}header button{border:0;background:0 0;padding:4px;border-radius:8px;cursor:pointer;display:inline-flex;color:#4a4a4a}header button:hover{background:#0000000d}header button:focus-visible{outline:2px solid var(--focus)}
.bd{padding:16px;overflow:auto;display:grid;grid-template-columns:minmax(0,1fr);gap:12px}:host([padding=none]) .bd{padding:0}footer{display:flex;justify-content:flex-end;gap:8px;padding:12px 16px;border-block-start:1px solid #e3e3e3}
:host([size^=small]) dialog{inline-size:min(420px,calc(100vw - 32px))}:host([size^=large]) dialog{inline-size:min(980px,calc(100vw - 32px))}@media (max-width:480px){dialog{margin-block-end:0;inline-size:100vw!important;max-inline-size:100vw;border-end-start-radius:0;border-end-end-radius:0}}${iconCss}`;
  static html = '<dialog aria-labelledby="h"><header><h2 id="h"></h2><button type="button" aria-label="Close"></button></header><div class="bd"><slot></slot></div><footer><slot name="secondary-actions"></slot><slot name="primary-action"></slot></footer></dialog>';
  setup() {
    const d = this.$('dialog');
    const b = this.$('button');
    b.innerHTML = icon('x');
    b.addEventListener('click', () => this.hideOverlay());
    d.addEventListener('close', () => {
      document.documentElement.style.removeProperty('overflow');
      this.emit('afterhide');
    });
    d.addEventListener('cancel', (e) => {
      e.preventDefault();
      this.hideOverlay();
    });
    d.addEventListener('click', (e) => e.target === d && this.hideOverlay());
    this.shadowRoot.addEventListener('slotchange', () => this.update());
  }
  showOverlay() {
    const d = this.$('dialog');
    if (d.open) return;
    this.emit('show');
    d.showModal();
    document.documentElement.style.overflow = 'hidden';
    requestAnimationFrame(() => this.emit('aftershow'));
  }
  hideOverlay() {
    const d = this.$('dialog');
    if (!d.open) return;
    this.emit('hide');
    d.close();
  }
  toggleOverlay() {
    if (this.$('dialog').open) this.hideOverlay();
    else this.showOverlay();
  }
  disconnectedCallback() {
    document.documentElement.style.removeProperty('overflow');
  }
  update() {
    const d = this.$('dialog');
    this.$('h2').textContent = this.heading;
    if (this.accessibilityLabel || !this.heading) {
      d.removeAttribute('aria-labelledby');
      d.setAttribute('aria-label', this.accessibilityLabel || 'Dialog');
    }
    this.$('footer').hidden = !this.has('primary-action') && !this.has('secondary-actions');
  }
});

class Floating extends Base {
  static mode = 'auto';
  setup() {
    this.popover = this.constructor.mode;
    this.addEventListener('toggle', (e) => {
      if (e.newState === undefined) return;
      if (this.constructor.events.includes('show')) {
        this.emit(e.newState === 'open' ? 'show' : 'hide');
        this.emit(e.newState === 'open' ? 'aftershow' : 'afterhide');
      }
      if (e.newState !== 'open') {
        this.from?.$?.('.i')?.setAttribute('aria-expanded', 'false');
        if (this.contains(document.activeElement)) this.from?.focus();
      }
    });
  }
  get open() {
    return this.matches(':popover-open');
  }
  showOverlay(from) {
    if (this.open || !this.isConnected) return;
    this.from = from ?? this.from;
    this.showPopover();
    this.place();
    this.from?.$?.('.i')?.setAttribute('aria-expanded', 'true');
    this.shown?.();
  }
  hideOverlay() {
    if (this.open) this.hidePopover();
  }
  toggleOverlay(from) {
    if (this.open) this.hideOverlay();
    else this.showOverlay(from);
  }
  // place puts the layer under (or above) its activator, inside the viewport.
  place() {
    const r = this.from?.getBoundingClientRect?.();
    if (!r) return;
    const me = this.getBoundingClientRect();
    const rtl = getComputedStyle(this.from).direction === 'rtl';
    let x = this.constructor.mode === 'manual' ? r.left + r.width / 2 - me.width / 2 : rtl ? r.right - me.width : r.left;
    x = Math.max(8, Math.min(x, innerWidth - me.width - 8));
    let y = r.bottom + 4;
    if (y + me.height > innerHeight - 8 && r.top - me.height - 4 > 8) y = r.top - me.height - 4;
    this.style.cssText = `position:fixed;inset:auto;margin:0;left:${x}px;top:${y}px`;
  }
}
const layerCss = ':host{border:0;padding:0;background:#fff;color:#303030;border-radius:12px;box-shadow:0 0 0 1px #00000014,0 4px 6px -2px #1a1a1a33,0 8px 16px -4px #1a1a1a38;font-size:13px;line-height:20px;max-inline-size:min(400px,calc(100vw - 16px));max-block-size:80vh;overflow:auto}:host(:not(:popover-open)){display:none}';
define('s-popover', { props: 'blockSize inlineSize maxBlockSize maxInlineSize minBlockSize minInlineSize', events: 'hide show afterhide aftershow toggle aftertoggle', slots: '-' }, class extends Floating {
  static css = layerCss;
  update() {
    this.layer(boxCss(this));
  }
});
define('s-menu', { props: 'accessibilityLabel id', slots: '-' }, class extends Floating {
  static css = `${layerCss}:host{padding:6px;min-inline-size:160px}`;
  setup() {
    super.setup();
    this.addEventListener('keydown', (e) => {
      const all = this.items();
      const i = all.indexOf(document.activeElement);
      const to = { ArrowDown: i + 1, ArrowUp: i - 1, Home: 0, End: all.length - 1 }[e.key];
      if (to === undefined) return;
      e.preventDefault();
      all[(to + all.length) % all.length]?.focus();
    });
    this.addEventListener('click', (e) => e.target.closest?.('s-button') && setTimeout(() => this.hideOverlay()));
  }
  items() {
    return [...this.querySelectorAll('s-button:not([disabled])')];
  }
  shown() {
    this.items()[0]?.focus();
  }
  update() {
    this.host('role', 'menu');
    this.host('aria-label', this.accessibilityLabel || 'Actions');
  }
});
define('s-tooltip', { props: 'id', slots: '-' }, class extends Floating {
  static mode = 'manual';
  static css = `${layerCss}:host{padding:4px 8px;border-radius:8px;font-size:12px;line-height:16px;max-inline-size:240px;pointer-events:none}`;
  update() {
    this.host('role', 'tooltip');
  }
});
