// Icons: 20x20 strokes drawn for this stand-in, under the names of the real set.
const icons = {
  home: 'M3.5 9 10 3.5 16.5 9v6.5a1 1 0 0 1-1 1h-3v-4.5h-5v4.5h-3a1 1 0 0 1-1-1z',
  order: 'M4 11.5h3.2l1 2h3.600l1-2H16M4 11.500 5.800 4.500h8.400L16 11.500v3.500a1 1 0 0 1-1 1H5a1 1 0 0 1-1-1z',
  email: 'M3.500 5.500h13v9h-13zM3.500 6l6.500 5 6.500-5',
  send: 'M3.500 10 16.500 4l-4 12.500-3-5zM9.500 11.500 16.500 4',
  settings: 'M10 7.500a2.500 2.500 0 1 0 0 5 2.500 2.500 0 0 0 0-5zM8.700 3.500h2.600l.4 1.900 1.600.9 1.900-.6 1.300 2.200-1.500 1.300v1.800l1.500 1.300-1.300 2.200-1.900-.6-1.600.9-.4 1.900H8.700l-.4-1.900-1.600-.9-1.900.6-1.300-2.200L5 11V9.200L3.500 7.900l1.300-2.200 1.900.6 1.600-.9z',
  search: 'M9 4a5 5 0 1 0 0 10A5 5 0 0 0 9 4zM12.700 12.700 16.500 16.500',
  check: 'M5 10.500 8.500 14 15 6.500',
  'check-circle': 'M10 3.500a6.500 6.500 0 1 0 0 13 6.500 6.500 0 0 0 0-13zM7.200 10.200l2 2 3.600-4.200',
  'check-circle-filled': 'M10 3a7 7 0 1 0 0 14 7 7 0 0 0 0-14zM7.2 10.2l2 2 3.6-4.2',
  'minus-circle': 'M10 3.5a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13zM7 10h6',
  'plus-circle': 'M10 3.5a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13zM7 10h6M10 7v6',
  'circle-dashed': 'M10 3.5h.9M13.6 4.6l.6.5M15.9 7.3l.3.7M16.5 10.6l-.1.9M15 14l-.6.7M12.300 16l-.9.3M8.700 16.300l-.9-.3M5.600 14.700 5 14M3.600 11.500l-.1-.9M3.800 8l.3-.7M5.800 5.100l.6-.5',
  disabled: 'M10 3.500a6.500 6.500 0 1 0 0 13 6.500 6.500 0 0 0 0-13zM5.500 5.500l9 9',
  live: 'M10 8.500a1.500 1.500 0 1 0 0 3 1.500 1.500 0 0 0 0-3zM6.800 13.200a4.500 4.500 0 0 1 0-6.400M13.200 6.800a4.500 4.500 0 0 1 0 6.400M4.700 15.300a7.500 7.500 0 0 1 0-10.600M15.300 4.700a7.500 7.500 0 0 1 0 10.600',
  'alert-octagon': 'M7.300 3.500h5.400l3.800 3.800v5.400l-3.800 3.800H7.300l-3.800-3.800V7.300zM10 6.700v4M10 13v.2',
  'alert-triangle': 'M10 4 17 16H3zM10 8.500v3.500M10 13.900v.2',
  'alert-circle': 'M10 3.500a6.500 6.500 0 1 0 0 13 6.500 6.500 0 0 0 0-13zM10 6.700v4M10 13v.2',
  'alert-diamond': 'M10 3 17 10l-7 7-7-7zM10 7v3.600M10 12.800v.2',
  info: 'M10 3.500a6.500 6.500 0 1 0 0 13 6.500 6.500 0 0 0 0-13zM10 9.300v4M10 6.800v.2',
  'question-circle': 'M10 3.500a6.500 6.500 0 1 0 0 13 6.500 6.500 0 0 0 0-13zM8.200 8.300a1.800 1.800 0 1 1 2.600 1.600c-.5.300-.8.700-.8 1.300M10 13.300v.2',
  x: 'M5.500 5.500l9 9M14.500 5.500l-9 9',
  'x-circle': 'M10 3.500a6.500 6.500 0 1 0 0 13 6.500 6.500 0 0 0 0-13zM7.700 7.700l4.600 4.600M12.300 7.700l-4.600 4.600',
  'chevron-down': 'M5.500 8 10 12.500 14.500 8',
  'chevron-up': 'M5.500 12 10 7.500 14.500 12',
  'chevron-right': 'M8 5.500 12.500 10 8 14.500',
  'chevron-left': 'M12 5.500 7.500 10l4.500 4.500',
  'caret-down': 'M6.500 8.500 10 12l3.500-3.500z',
  select: 'M7 8.500 10 5.500l3 3M7 11.500l3 3 3-3',
  'arrow-left': 'M16 10H4.500M9 5.500 4.500 10 9 14.500',
  'arrow-right': 'M4 10h11.500M11 5.500l4.500 4.500-4.500 4.500',
  'arrow-up': 'M10 16V4.500M5.500 9 10 4.500 14.500 9',
  'arrow-down': 'M10 4v11.500M5.500 11l4.500 4.500 4.500-4.500',
  'menu-horizontal': 'M5 10h.1M10 10h.1M15 10h.1',
  'menu-vertical': 'M10 5v.1M10 10v.1M10 15v.1',
  menu: 'M3.500 6h13M3.500 10h13M3.500 14h13',
  plus: 'M10 4.500v11M4.500 10h11',
  minus: 'M4.500 10h11',
  delete: 'M4 6h12M8 6V4h4v2M5.500 6l.7 10h7.600l.7-10M8.500 9v4.500M11.500 9v4.500',
  edit: 'M4 16l.7-3.300L13 4.400l2.600 2.600-8.300 8.300z',
  refresh: 'M15.500 8.500A6 6 0 0 0 4.600 7.300M4.500 4.500v3h3M4.500 11.500a6 6 0 0 0 10.900 1.200M15.500 15.500v-3h-3',
  undo: 'M4 8.500h8a3.500 3.500 0 0 1 0 7H8M7 5 3.800 8.500 7 12',
  clock: 'M10 3.500a6.500 6.500 0 1 0 0 13 6.500 6.500 0 0 0 0-13zM10 6.500V10l2.500 1.800',
  'clock-revert': 'M4 7a6.500 6.500 0 1 1-.5 3.500M3.500 4v3.500H7M10 6.800V10l2.300 1.600',
  calendar: 'M4 5.500h12v11H4zM4 8.800h12M7.200 3.500v3M12.800 3.500v3',
  view: 'M2.800 10S5.500 5.500 10 5.500s7.200 4.500 7.200 4.500-2.700 4.500-7.200 4.500S2.800 10 2.800 10zM10 8a2 2 0 1 0 0 4 2 2 0 0 0 0-4z',
  external: 'M11 4h5v5M16 4l-7 7M8.500 5H4.500v10.500H15V11.500',
  filter: 'M3.500 6h13M6 10h8M8.500 14h3',
  sort: 'M7 4.500v11M4.200 12.700 7 15.500l2.800-2.800M13 15.500v-11M10.200 7.300 13 4.500l2.800 2.800',
  person: 'M10 4a3 3 0 1 0 0 6 3 3 0 0 0 0-6zM4.500 16.500c.6-3 2.700-4.500 5.500-4.500s4.900 1.500 5.500 4.500',
  delivery: 'M2.500 5.500h9v8h-9zM11.500 8.500h3.200l2.800 2.800v2.200h-6M6 15.300a1.500 1.500 0 1 0 0-.1zM13.500 15.300a1.500 1.500 0 1 0 0-.1z',
  package: 'M4 6.800 10 3.500l6 3.300v6.600l-6 3.300-6-3.300zM4 6.800l6 3.300 6-3.300M10 10.100v6.600',
  return: 'M4 8.500h8a3.500 3.500 0 0 1 0 7H8M7 5 3.800 8.500 7 12',
  receipt: 'M5 3.500h10v13l-2-1.400-1.500 1.400L10 15.100l-1.500 1.400L7 15.100l-2 1.400zM7.700 7.500h4.600M7.700 10.500h4.600',
  payment: 'M3 5.500h14v9H3zM3 8.500h14M5.500 12h3',
  discount: 'M4 4h6l6.300 6.300-6 6L4 10zM7.300 7.200v.1',
  cart: 'M3 4h2l1.600 8.500h8L16 6.500H5.500M7.500 15.800v.1M13.500 15.800v.1',
  note: 'M5 3.500h7l3 3v10H5zM12 3.500v3h3M7.500 10h5M7.500 13h5',
  globe: 'M10 3.500a6.500 6.500 0 1 0 0 13 6.500 6.500 0 0 0 0-13zM3.500 10h13M10 3.500c4 4 4 9 0 13M10 3.500c-4 4-4 9 0 13',
  language: 'M3.500 5.500h8M7.500 4v1.500M9.500 5.500c-.5 3-2.500 5.500-5.500 6.500M5.500 7.500c.8 2.200 2.500 3.700 5 4.500M10 16.500l3.300-8 3.200 8M11 14h4.500',
  lock: 'M5 9h10v7.500H5zM7 9V6.500a3 3 0 0 1 6 0V9',
  key: 'M12.500 4a3.500 3.500 0 1 0 0 7 3.500 3.500 0 0 0 0-7zM10 10l-6 6M6 14l1.800 1.800',
  duplicate: 'M7 7h9v9H7zM4 13V4h9',
  save: 'M4 4h9.500L16 6.500V16H4zM7 4v4h5V4M7 16v-4.500h6V16',
  export: 'M10 12V3.500M6.500 7 10 3.500 13.500 7M4 11.500V16h12v-4.500',
  import: 'M10 3.500V12M6.500 8.500 10 12l3.500-3.500M4 11.500V16h12v-4.500',
  link: 'M8.500 11.500a3 3 0 0 0 4.300 0l2.400-2.400a3 3 0 0 0-4.300-4.300l-1 1M11.500 8.500a3 3 0 0 0-4.300 0l-2.400 2.400a3 3 0 0 0 4.300 4.300l1-1',
  image: 'M3.500 4.500h13v11h-13zM3.500 13.500l4-4 3 3 2.500-2.500 3.500 3.500M12.800 7.500v.1',
  star: 'M10 3.500l2 4.300 4.600.5-3.400 3.200.9 4.600L10 13.800 5.900 16.100l.9-4.600L3.400 8.300 8 7.800z',
  store: 'M4 9v7h12V9M3.500 7.500 5 4h10l1.500 3.500a2 2 0 0 1-4 .3 2.200 2.200 0 0 1-5 0 2 2 0 0 1-4-.3zM8 16v-4h4v4',
  bug: 'M7 8h6v4.500a3 3 0 0 1-6 0zM8 8a2 2 0 0 1 4 0M7 9.500 4 8M13 9.500 16 8M7 12.500l-3 1.500M13 12.500l3 1.500',
  replay: 'M5 7.500A6 6 0 1 1 4 10.500M4.500 4v3.800h3.800',
  notification: 'M5.500 13.500V9a4.500 4.500 0 0 1 9 0v4.500l1 1h-11zM8.500 16.500h3',
  'chart-vertical': 'M4 16V9M8 16V5M12 16v-5M16 16V7',
  code: 'M7 6 3 10l4 4M13 6l4 4-4 4',
  phone: 'M4 4.500h3l1.300 3.500L6.500 9.500c.8 1.900 2.100 3.200 4 4l1.500-1.800 3.500 1.300v3c-6.500.7-12.200-5-11.500-11.500z',
  location: 'M10 3.500a4.800 4.800 0 0 0-4.800 4.800c0 3.500 4.800 8.200 4.800 8.200s4.800-4.700 4.800-8.200A4.800 4.800 0 0 0 10 3.500zM10 6.700a1.600 1.600 0 1 0 0 3.200 1.600 1.600 0 0 0 0-3.200z',
  play: 'M6.500 4.500v11l9-5.500z',
  'pause-circle': 'M10 3.500a6.500 6.500 0 1 0 0 13 6.500 6.500 0 0 0 0-13zM8.300 7.700v4.600M11.700 7.700v4.600',
  'stop-circle': 'M10 3.500a6.500 6.500 0 1 0 0 13 6.500 6.500 0 0 0 0-13zM8 8h4v4H8z',
  money: 'M3 5.500h14v9H3zM10 8a2 2 0 1 0 0 4 2 2 0 0 0 0-4zM5.500 10h.1M14.500 10h.1',
  'data-table': 'M3.500 4.500h13v11h-13zM3.500 8h13M3.500 11.800h13M8 4.500v11',
  hide: 'M3 3l14 14M8 5.800c4.700-1.200 8 2.800 9.200 4.200-.5.700-1.300 1.600-2.400 2.500M5.500 7.200C4.300 8.100 3.300 9.300 2.800 10c1.500 2 4.500 5.300 9 4.200',
};
const flips = new Set(['chevron-left', 'chevron-right', 'arrow-left', 'arrow-right', 'send', 'undo', 'return', 'external']);

function icon(name, size = 20) {
  if (!name) return '';
  const d = icons[name] ?? 'M4.500 4.500h11v11h-11z';
  const bold = name.startsWith('menu-') ? 2.4 : 1.5;
  // A filled sign is its outline filled, with the mark cut out in white.
  if (name.endsWith('-filled')) {
    const [shape, mark] = d.split(/(?<=z)/);
    return `<svg viewBox="0 0 20 20" width="${size}" height="${size}" aria-hidden="true"><path d="${shape}" fill="currentColor"/><path d="${mark}" fill="none" stroke="#fff" stroke-width="1.5" stroke-linecap="round" stroke-linejoin="round"/></svg>`;
  }
  return `<svg viewBox="0 0 20 20" width="${size}" height="${size}" fill="none" stroke="currentColor" stroke-width="${bold}" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true"${flips.has(name) ? ' class="flip"' : ''}><path d="${d}"/></svg>`;
}
const iconCss = 'svg{display:block;flex:none}:host(:dir(rtl)) .flip{transform:scaleX(-1)}';

define('s-icon', { props: 'type tone color size interestFor' }, class extends Base {
  static css = `:host{display:inline-flex;inline-size:20px;block-size:20px;color:var(--icon,#4a4a4a);vertical-align:middle;flex:none}:host([size=small]){inline-size:16px;block-size:16px}:host([color=subdued]){color:#707070}${iconCss}`;
  static html = '';
  update() {
    this.host('aria-hidden', 'true');
    this.shadowRoot.innerHTML = icon(this.type, this.size === 'small' ? 16 : 20);
    const t = this.getAttribute('tone');
    this.layer(t && tone[t] && t !== 'auto' ? `:host{color:${tone[t]}}` : '');
    interest(this, this);
  }
});

define('s-spinner', { props: 'size accessibilityLabel' }, class extends Base {
  static css = `:host{display:inline-flex;inline-size:20px;block-size:20px;color:#616161}:host([size^=large]){inline-size:44px;block-size:44px}svg{inline-size:100%;block-size:100%;animation:r .7s linear infinite}@keyframes r{to{transform:rotate(1turn)}}`;
  static html = '<svg viewBox="0 0 20 20" fill="none" stroke="currentColor" stroke-width="2" stroke-linecap="round" aria-hidden="true"><path d="M10 2.500a7.500 7.500 0 1 1-7.300 5.800"/></svg>';
  update() {
    this.host('role', this.accessibilityLabel ? 'status' : 'presentation');
    this.host('aria-label', this.accessibilityLabel);
  }
});
