// Layout and text: page, section, box, stack, grid, headings, lists, media.
const boxProps = 'background border borderWidth borderStyle borderColor borderRadius padding paddingBlock paddingBlockStart paddingBlockEnd paddingInline paddingInlineStart paddingInlineEnd display blockSize minBlockSize maxBlockSize inlineSize minInlineSize maxInlineSize accessibilityVisibility accessibilityRole accessibilityLabel overflow';
const surfaces = { base: '#fff', subdued: '#f7f7f7', strong: '#f1f1f1', transparent: 'transparent' };
const lines = { base: '#e3e3e3', subdued: '#ebebeb', strong: '#8a8a8a' };
const widths = { none: '0', base: '1px', small: '1px', 'small-100': '1px', large: '2px', 'large-100': '3px' };
const align = { start: 'start', end: 'end', center: 'center', stretch: 'stretch', baseline: 'baseline', normal: 'normal' };

function boxCss(el) {
  let css = '';
  const set = (prop, v, convert = (x) => x) => v && (css += responsive(prop, v, convert));
  if (el.hasAttribute('background')) set('background', el.background, (v) => surfaces[v] ?? v);
  if (el.border && el.border !== 'none') {
    const [w, c, s] = words(el.border);
    css += `:host{border:${widths[w] ?? '1px'} ${s && s !== 'auto' ? s : 'solid'} ${lines[c] ?? lines.base}}`;
  }
  set('border-width', el.borderWidth, map(widths));
  if (el.borderWidth && !el.border) css += ':host{border-style:solid;border-color:#e3e3e3}';
  set('border-style', el.borderStyle, (v) => v.replace(/auto/g, 'solid'));
  set('border-color', el.borderColor, (v) => lines[v] ?? v);
  set('border-radius', el.borderRadius, map(radius));
  set('padding', el.padding, map(space));
  set('padding-block', el.paddingBlock, map(space));
  set('padding-block-start', el.paddingBlockStart, map(space));
  set('padding-block-end', el.paddingBlockEnd, map(space));
  set('padding-inline', el.paddingInline, map(space));
  set('padding-inline-start', el.paddingInlineStart, map(space));
  set('padding-inline-end', el.paddingInlineEnd, map(space));
  for (const [prop, v] of [['block-size', el.blockSize], ['min-block-size', el.minBlockSize], ['max-block-size', el.maxBlockSize], ['inline-size', el.inlineSize], ['min-inline-size', el.minInlineSize], ['max-inline-size', el.maxInlineSize]]) set(prop, v, map(dimension));
  if (el.overflow === 'hidden') css += ':host{overflow:hidden}';
  set('display', el.getAttribute('display'), (v) => (v === 'none' ? 'none' : el.constructor.flow));
  return css;
}

class Box extends Base {
  static flow = 'block';
  static css = `:host{display:block}${exclusive}`;
  update() {
    accessible(this);
    this.layer(this.own() + boxCss(this));
  }
  own() {
    return '';
  }
}
define('s-box', { props: boxProps, slots: '-' }, class extends Box {});
define('s-scroll-box', { props: `${boxProps} snapType scrollPadding scrollMargin`, slots: '-' }, class extends Box {
  static css = `:host{display:block;overflow:auto}${exclusive}`;
  update() {
    super.update();
    this.host('tabindex', '0');
  }
});
define('s-stack', { props: `justifyContent alignItems alignContent gap rowGap columnGap direction ${boxProps}`, slots: '-' }, class extends Box {
  static flow = 'flex';
  static css = `:host{display:flex;flex-direction:column;align-items:stretch;min-inline-size:0}${exclusive}`;
  own() {
    const d = this.getAttribute('direction');
    let css = responsive('flex-direction', d, (v) => (v === 'inline' ? 'row' : 'column'));
    css += responsive('flex-wrap', d, (v) => (v === 'inline' ? 'wrap' : 'nowrap'));
    if (!this.alignItems) css += responsive('align-items', d, (v) => (v === 'inline' ? 'center' : 'stretch'));
    css += responsive('gap', this.gap, map(space)) + responsive('row-gap', this.rowGap, map(space)) + responsive('column-gap', this.columnGap, map(space));
    return css + responsive('justify-content', this.justifyContent, (v) => v) + responsive('align-items', this.alignItems, (v) => align[v] ?? v) + responsive('align-content', this.alignContent, (v) => v);
  }
});
define('s-grid', { props: `alignItems justifyItems placeItems alignContent justifyContent placeContent gap rowGap columnGap gridTemplateColumns gridTemplateRows ${boxProps}`, slots: '-' }, class extends Box {
  static flow = 'grid';
  static css = `:host{display:grid;min-inline-size:0}${exclusive}`;
  own() {
    const id = (v) => v;
    return responsive('gap', this.gap, map(space)) + responsive('row-gap', this.rowGap, map(space)) + responsive('column-gap', this.columnGap, map(space)) +
      responsive('grid-template-columns', this.gridTemplateColumns, id) + responsive('grid-template-rows', this.gridTemplateRows, id) +
      responsive('align-items', this.alignItems, id) + responsive('justify-items', this.justifyItems, id) + responsive('place-items', this.placeItems, id) +
      responsive('align-content', this.alignContent, id) + responsive('justify-content', this.justifyContent, id) + responsive('place-content', this.placeContent, id);
  }
});
define('s-grid-item', { props: `gridColumn gridRow ${boxProps}`, slots: '-' }, class extends Box {
  static css = `:host{display:block;min-inline-size:0}${exclusive}`;
  own() {
    return responsive('grid-column', this.gridColumn, (v) => v) + responsive('grid-row', this.gridRow, (v) => v);
  }
});
define('s-query-container', { props: 'containerName id', slots: '-' }, class extends Base {
  static css = ':host{display:block;container:s-default/inline-size;min-inline-size:0}';
  update() {
    const name = this.containerName.replace(/[^\w- ]/g, '');
    this.layer(name ? `:host{container-name:s-default ${name}}` : '');
  }
});
define('s-divider', { props: 'direction color' }, class extends Base {
  static css = ':host{display:block;block-size:1px;background:#ebebeb}:host([color=strong]){background:#8a8a8a}:host([direction=block]){inline-size:1px;block-size:auto;align-self:stretch}';
  static html = '';
  update() {
    this.host('role', 'separator');
    if (this.direction === 'block') this.host('aria-orientation', 'vertical');
  }
});

// s-page: embedded in the admin, its heading and actions stand in the host's
// title bar (App Bridge sends them there); the heading stays for assistive technology.
define('s-page', { props: 'inlineSize heading', slots: '- aside primary-action secondary-actions breadcrumb-actions supplemental-start' }, class extends Base {
  static css = `:host{display:block;color:var(--t);font-size:13px;line-height:20px;min-block-size:100%;container-type:inline-size}
.p{max-inline-size:998px;margin-inline:auto;padding:16px 16px 32px}:host([inlinesize=small]) .p{max-inline-size:662px}:host([inlinesize=large]) .p{max-inline-size:none}
.h{display:flex;flex-wrap:wrap;gap:8px 12px;align-items:center;margin-block:4px 16px}h1{font-size:20px;line-height:28px;font-weight:650;letter-spacing:-.2px;margin:0;overflow-wrap:anywhere}.a{display:flex;gap:8px;margin-inline-start:auto;align-items:center;flex-wrap:wrap}
:host([data-embedded]) .a,:host([data-embedded]) .bc{display:none}
.c{display:grid;grid-template-columns:minmax(0,1fr);gap:16px;align-items:start}.m,.s{display:grid;grid-template-columns:minmax(0,1fr);gap:16px;min-inline-size:0}.su{display:grid;gap:16px;margin-block-end:16px}.su[hidden],.s[hidden]{display:none}
@container (inline-size>=760px){.p{padding:20px 24px 48px}.c.two{grid-template-columns:minmax(0,2fr) minmax(0,1fr)}}`;
  static html = '<div class="p"><div class="h"><span class="bc"><slot name="breadcrumb-actions"></slot></span><h1></h1><div class="a"><slot name="secondary-actions"></slot><slot name="primary-action"></slot></div></div><div class="su"><slot name="supplemental-start"></slot></div><div class="c"><div class="m"><slot></slot></div><div class="s"><slot name="aside"></slot></div></div></div>';
  setup() {
    this.shadowRoot.addEventListener('slotchange', () => this.update());
  }
  update() {
    const embedded = Boolean(globalThis.shopify?.environment?.embedded);
    this.toggleAttribute('data-embedded', embedded);
    const h1 = this.$('h1');
    if (h1.textContent !== this.heading) h1.textContent = this.heading;
    h1.hidden = !this.heading;
    this.$('.h').classList.toggle('vh', embedded);
    this.$('.bc').hidden = !this.has('breadcrumb-actions');
    this.$('.h').hidden = !this.heading && !this.has('primary-action');
    this.$('.su').hidden = !this.has('supplemental-start');
    const aside = this.has('aside') && (this.inlineSize || 'base') === 'base';
    this.$('.s').hidden = !aside;
    this.$('.c').classList.toggle('two', aside);
  }
});

const sectionDepth = (el) => {
  let n = 0;
  for (let p = el.parentElement; p; p = p.parentElement) if (p.localName === 's-section') n++;
  return n;
};
define('s-section', { props: 'accessibilityLabel heading subheading padding', slots: '- primary-action secondary-actions graphic accessory supplemental' }, class extends Base {
  static css = `:host{display:block;color:var(--t);font-size:13px;line-height:20px;min-inline-size:0}
.card{background:#fff;border-radius:12px;padding:16px;box-shadow:0 1px 0 #1a1a1a12,1px 0 0 #00000021 inset,-1px 0 0 #00000021 inset,0 -1px 0 #0000002b inset,0 1px 0 #cccccc80 inset}
.none{padding:0}.none>header{padding:16px 16px 0}.none .body{overflow:hidden;border-radius:12px}
header{display:flex;align-items:center;gap:8px;margin-block-end:12px;min-block-size:28px;flex-wrap:wrap}.ti{min-inline-size:0}.tl{display:flex;gap:8px;align-items:center;flex-wrap:wrap}h2,h3,h4{font-size:14px;line-height:20px;font-weight:650;margin:0;overflow-wrap:anywhere}h3,h4{font-size:13px}.sub{color:var(--t2);margin:0}.end{margin-inline-start:auto;display:flex;gap:8px;align-items:center}
.body{display:grid;grid-template-columns:minmax(0,1fr);gap:12px}`;
  static html = '<section><header><slot name="graphic"></slot><div class="ti"><div class="tl"><span class="hd"></span><slot name="accessory"></slot></div><p class="sub" hidden></p></div><div class="end"><slot name="supplemental"></slot><slot name="secondary-actions"></slot><slot name="primary-action"></slot></div></header><div class="body"><slot></slot></div></section>';
  setup() {
    this.shadowRoot.addEventListener('slotchange', () => this.update());
  }
  update() {
    const depth = sectionDepth(this);
    const s = this.$('section');
    s.className = `${depth ? '' : 'card'} ${this.padding === 'none' && !depth ? 'none' : ''}`;
    const inModal = this.closest('s-modal,s-popover,s-menu');
    if (inModal) s.className = '';
    const h = `h${Math.min(4, 2 + depth)}`;
    const html = this.heading ? `<${h} id="h">${esc(this.heading)}</${h}>` : '';
    const hd = this.$('.hd');
    if (hd.innerHTML !== html) hd.innerHTML = html;
    this.$('.sub').textContent = this.subheading;
    this.$('.sub').hidden = !this.subheading;
    const label = this.accessibilityLabel;
    if (this.heading && !label) s.setAttribute('aria-labelledby', 'h');
    else s.removeAttribute('aria-labelledby');
    if (label) s.setAttribute('aria-label', label);
    else s.removeAttribute('aria-label');
    this.$('header').hidden = !this.heading && !this.subheading && !['primary-action', 'secondary-actions', 'graphic', 'accessory', 'supplemental'].some((n) => this.has(n));
  }
});

class Words extends Base {
  update() {
    let css = '';
    const t = this.getAttribute('tone');
    if (t && t !== 'auto') css += `color:${tone[t]};`;
    const f = fontSize[this.getAttribute('fontsize')];
    if (f) css += `font-size:${f.split('/')[0]};line-height:${f.split('/')[1]};`;
    const w = { medium: 550, semibold: 650, bold: 700 }[this.getAttribute('fontweight')];
    if (w) css += `font-weight:${w};`;
    if (this.getAttribute('fontvariantnumeric') === 'tabular-nums') css += 'font-variant-numeric:tabular-nums;';
    const n = Number(this.getAttribute('lineclamp'));
    if (n) css += `display:-webkit-box;-webkit-box-orient:vertical;-webkit-line-clamp:${n};overflow:hidden;`;
    this.layer(css && `:host{${css}}`);
    if (this.getAttribute('accessibilityvisibility') === 'hidden') this.host('aria-hidden', 'true');
    this.own();
  }
  own() {}
}
define('s-heading', { props: 'fontSize accessibilityRole accessibilityVisibility lineClamp#', slots: '-' }, class extends Words {
  static css = `:host{display:block;font-size:14px;line-height:20px;font-weight:650;color:var(--t);overflow-wrap:anywhere}${exclusive}`;
  own() {
    const role = this.accessibilityRole || 'heading';
    this.host('role', role);
    if (role === 'heading') this.host('aria-level', Math.min(6, 2 + sectionDepth(this)));
  }
});
define('s-paragraph', { props: 'color tone fontSize fontWeight fontVariantNumeric accessibilityVisibility dir lineClamp#', slots: '-' }, class extends Words {
  static css = `:host{display:block;font-size:13px;line-height:20px;margin:0;overflow-wrap:anywhere}:host([color=subdued]){color:var(--t2)}${exclusive}`;
  own() {
    this.host('role', 'paragraph');
  }
});
define('s-text', { props: 'color type tone fontVariantNumeric fontSize fontWeight accessibilityVisibility dir interestFor', slots: '-' }, class extends Words {
  static css = `:host{display:inline;overflow-wrap:anywhere}:host([color=subdued]){color:var(--t2)}:host([type=strong]){font-weight:650}:host([type=redundant]){text-decoration:line-through}${exclusive}`;
  own() {
    if (this.type === 'strong') this.host('role', 'strong');
    interest(this, this);
  }
});
define('s-number', { props: 'tone color fontSize fontWeight accessibilityVisibility dir', slots: '-' }, class extends Words {
  static css = `:host{display:inline;font-variant-numeric:tabular-nums}:host([color=subdued]){color:var(--t2)}${exclusive}`;
});

for (const [tag, css, role] of [
  ['s-ordered-list', ':host{display:block;counter-reset:i;padding-inline-start:20px;list-style:decimal}', 'list'],
  ['s-unordered-list', ':host{display:block;padding-inline-start:20px;list-style:disc}', 'list'],
  ['s-list-item', ':host{display:list-item;font-size:13px;line-height:20px;margin-block:2px}', 'listitem'],
]) {
  define(tag, { props: 'id', slots: '-' }, class extends Base {
    static css = css;
    update() {
      this.host('role', role);
    }
  });
}

class Picture extends Base {
  static html = '<img>';
  setup() {
    const img = this.$('img');
    for (const n of ['load', 'error']) {
      img.addEventListener(n, () => {
        this.toggleAttribute('data-broken', n === 'error');
        this.emit(n);
      });
    }
  }
  source() {
    const img = this.$('img');
    for (const n of ['src', 'srcset', 'sizes', 'loading']) {
      const v = this.getAttribute(n);
      if (v && img.getAttribute(n) !== v) img.setAttribute(n, v);
      else if (!v) img.removeAttribute(n);
    }
    img.alt = this.alt || '';
    img.hidden = !this.getAttribute('src') && !this.getAttribute('srcset');
  }
}
define('s-image', { props: 'loading accessibilityRole inlineSize aspectRatio objectFit src alt srcSet sizes border borderColor borderRadius borderStyle borderWidth', events: 'load error' }, class extends Picture {
  static css = ':host{display:block;max-inline-size:100%;overflow:hidden}img{display:block;max-inline-size:100%;block-size:auto}:host(:not([inlinesize=auto])) img{inline-size:100%}';
  update() {
    this.source();
    let css = boxCss(this);
    const ratio = this.aspectRatio.replace(/[^\d./ ]/g, '');
    if (ratio) css += `img{aspect-ratio:${ratio};object-fit:${this.objectFit || 'cover'}}`;
    this.layer(css);
  }
});
const sizes = { 'small-200': 20, 'small-100': 28, small: 28, base: 40, large: 60, 'large-100': 80, 'large-200': 100 };
define('s-thumbnail', { props: 'size src alt', events: 'load error' }, class extends Picture {
  static css = ':host{display:inline-flex;inline-size:40px;block-size:40px;border-radius:8px;border:1px solid #e3e3e3;background:#f7f7f7;overflow:hidden;flex:none;vertical-align:middle}img{inline-size:100%;block-size:100%;object-fit:cover}:host([data-broken]) img{visibility:hidden}';
  update() {
    this.source();
    const n = sizes[this.size];
    this.layer(n ? `:host{inline-size:${n}px;block-size:${n}px}` : '');
  }
});
define('s-avatar', { props: 'size alt src initials', events: 'load error' }, class extends Picture {
  static css = ':host{display:inline-flex;inline-size:32px;block-size:32px;border-radius:8px;overflow:hidden;background:#e0e7ff;color:#2b2f77;align-items:center;justify-content:center;font-size:12px;font-weight:600;flex:none}img{inline-size:100%;block-size:100%;object-fit:cover}img+span{position:static}img:not([hidden])+span{display:none}';
  static html = '<img><span aria-hidden="true"></span>';
  update() {
    this.source();
    this.host('role', 'img');
    this.host('aria-label', this.alt || this.initials || 'Avatar');
    this.$('span').textContent = this.initials.slice(0, 2).toUpperCase();
    const n = { 'small-200': 20, 'small-100': 24, small: 24, large: 40, 'large-100': 60, 'large-200': 80 }[this.size];
    const hues = ['#e0e7ff;color:#2b2f77', '#d6f4e0;color:#0c4a2b', '#ffe5cc;color:#6b3a05', '#fde0ea;color:#7a1740', '#d9f0fb;color:#0b4a66'];
    let h = 0;
    for (const c of this.initials + this.alt) h = (h * 31 + c.charCodeAt(0)) % 997;
    this.layer(`:host{background:${hues[h % 5]}${n ? `;inline-size:${n}px;block-size:${n}px` : ''}}`);
  }
});
