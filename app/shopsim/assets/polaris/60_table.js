// Tables: ARIA table roles on the hosts; below 480 px of its container a table
// becomes a list, each column shown as its header's listSlot says.
const narrow = '480px';
const listCss = (host, css) => `@container s-table (inline-size<${narrow}){:host${host}{${css}}}`;

define('s-table', { props: 'variant loading! paginate! hasPreviousPage! hasNextPage!', events: 'nextpage previouspage', slots: '- filters' }, class extends Base {
  static css = `:host{display:block;color:var(--t);font-size:13px;line-height:20px;min-inline-size:0}.fl:not([hidden]){padding:8px 12px;border-block-end:1px solid #ebebeb}.sc{overflow-x:auto;container:s-table/inline-size;position:relative}.t{display:table;inline-size:100%;border-collapse:collapse}
@container s-table (inline-size<${narrow}){.t{display:block}}.bar{display:none;position:absolute;inset-inline:0;inset-block-start:0;block-size:2px;background:linear-gradient(90deg,#0000,#303030,#0000);animation:m 1.100s linear infinite}:host([loading]) .bar{display:block}:host([loading]) .t{opacity:.55}@keyframes m{from{transform:translateX(-60%)}to{transform:translateX(60%)}}
nav{display:flex;justify-content:center;gap:1px;padding:8px;border-block-start:1px solid #ebebeb;background:#f7f7f7}nav button{border:0;background:#e3e3e3;padding:4px;cursor:pointer;display:inline-flex;min-inline-size:32px;justify-content:center}nav button:first-child{border-start-start-radius:8px;border-end-start-radius:8px}nav button:last-child{border-start-end-radius:8px;border-end-end-radius:8px}nav button:disabled{color:#8a8a8a;cursor:default}nav button:hover:not(:disabled){background:#d4d4d4}nav button:focus-visible{outline:2px solid var(--focus);outline-offset:1px}${iconCss}`;
  static html = '<div class="fl" hidden><slot name="filters"></slot></div><div class="sc"><div class="bar"></div><div class="t" role="table"><slot></slot></div></div><nav aria-label="Pages" hidden><button type="button" class="pv" aria-label="Previous page"></button><button type="button" class="nx" aria-label="Next page"></button></nav>';
  setup() {
    this.$('.pv').innerHTML = icon('chevron-left');
    this.$('.nx').innerHTML = icon('chevron-right');
    this.$('.pv').addEventListener('click', () => this.emit('previouspage'));
    this.$('.nx').addEventListener('click', () => this.emit('nextpage'));
    this.shadowRoot.addEventListener('slotchange', () => this.update());
    new MutationObserver(() => this.label()).observe(this, { childList: true, subtree: true });
  }
  // label tells each cell which column it belongs to.
  label() {
    const heads = [...this.querySelectorAll('s-table-header')];
    for (const row of this.querySelectorAll('s-table-row')) {
      [...row.children].forEach((cell, i) => {
        const h = heads[i];
        if (!h || cell.localName !== 's-table-cell') return;
        const want = `${h.listSlot || 'labeled'}|${h.format || 'base'}|${h.textContent.trim()}`;
        if (cell.column !== want) {
          cell.column = want;
          cell.update();
        }
      });
    }
  }
  update() {
    const t = this.$('.t');
    if (this.loading) t.setAttribute('aria-busy', 'true');
    else t.removeAttribute('aria-busy');
    const s = this.closest('s-section');
    const name = s?.getAttribute('heading') || s?.getAttribute('accessibilitylabel') || this.closest('s-page')?.getAttribute('heading');
    if (name) t.setAttribute('aria-label', name);
    this.$('.fl').hidden = !this.has('filters');
    this.$('nav').hidden = !this.paginate;
    this.$('.pv').disabled = !this.hasPreviousPage;
    this.$('.nx').disabled = !this.hasNextPage;
    this.label();
  }
});
define('s-table-header-row', { props: 'id', slots: '-' }, class extends Base {
  static css = `:host{display:table-row;background:#f7f7f7}${listCss('', 'display:block;position:absolute;inline-size:1px;block-size:1px;overflow:hidden;clip-path:inset(50%)')}`;
  update() {
    this.host('role', 'row');
  }
});
define('s-table-header', { props: 'listSlot format', slots: '-' }, class extends Base {
  static css = `:host{display:table-cell;padding:8px 6px;font-size:12px;line-height:16px;font-weight:550;color:#616161;text-align:start;white-space:nowrap;border-block-end:1px solid #ebebeb;vertical-align:middle}:host(:first-child){padding-inline-start:12px}:host(:last-child){padding-inline-end:12px}:host(:is([format=numeric],[format=currency])){text-align:end}${listCss('', 'display:inline')}`;
  update() {
    this.host('role', 'columnheader');
  }
});
define('s-table-body', { props: 'id', slots: '-' }, class extends Base {
  static css = `:host{display:table-row-group}${listCss('', 'display:block')}`;
  update() {
    this.host('role', 'rowgroup');
  }
});
define('s-table-row', { props: 'clickDelegate', slots: '-' }, class extends Base {
  static css = `:host{display:table-row;background:#fff}:host([clickdelegate]){cursor:pointer}:host([clickdelegate]:hover){background:#f7f7f7}${listCss('', 'display:flex;flex-wrap:wrap;align-items:center;gap:2px 8px;padding:10px 12px;border-block-end:1px solid #ebebeb')}`;
  setup() {
    this.addEventListener('click', (e) => {
      const target = find(this, this.clickDelegate);
      if (!target || e.composedPath().some((n) => n !== this && n.matches?.('a,button,input,select,s-link,s-button,s-checkbox,s-clickable'))) return;
      if (String(getSelection() ?? '')) return;
      target.click();
    });
  }
  update() {
    this.host('role', 'row');
  }
});
define('s-table-cell', { props: 'id', slots: '-' }, class extends Base {
  static css = `:host{display:table-cell;padding:8px 6px;vertical-align:middle;border-block-end:1px solid #ebebeb;font-size:13px;line-height:20px;text-align:start}:host(:first-child){padding-inline-start:12px}:host(:last-child){padding-inline-end:12px}.lb{display:none}
@container s-table (inline-size<${narrow}){:host{display:block!important;padding:0!important;border:0!important;text-align:start!important}:host([data-slot=primary]){order:1;font-weight:600;flex:1 1 auto}:host([data-slot=kicker]){order:0;flex:1 0 100%;color:#616161;font-size:12px;line-height:16px}:host([data-slot=inline]){order:2;margin-inline-start:auto}:host([data-slot=secondary]){order:3;flex:1 0 100%;color:#616161}:host([data-slot=labeled]){order:4;flex:1 0 100%;display:flex!important;gap:8px;justify-content:space-between}:host([data-slot=labeled]) .lb{display:inline;color:#616161}}`;
  static html = '<span class="lb" aria-hidden="true"></span><slot></slot>';
  update() {
    this.host('role', 'cell');
    const [slot, format, label] = (this.column ?? 'labeled|base|').split('|');
    this.host('data-slot', slot);
    this.$('.lb').textContent = label;
    this.layer(format === 'base' ? '' : ':host{text-align:end;font-variant-numeric:tabular-nums;white-space:nowrap}');
  }
});
