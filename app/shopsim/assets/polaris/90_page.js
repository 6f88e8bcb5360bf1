// The document: canvas colour and fonts, and room kept for what is not defined yet.
document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet(`
:where(html){background:#f1f1f1;color:#303030;font:13px/20px Inter,-apple-system,BlinkMacSystemFont,"San Francisco","Segoe UI",Roboto,"Helvetica Neue","Noto Sans",sans-serif;-webkit-font-smoothing:antialiased;-webkit-text-size-adjust:100%}
:where(body){margin:0}
:where(s-page,s-section,s-box,s-stack,s-grid,s-table,s-text-field,s-banner,s-paragraph,s-heading):not(:defined){display:block;visibility:hidden}
:where(s-modal,s-popover,s-menu,s-tooltip,s-option,s-option-group):not(:defined){display:none}
s-app-nav,ui-nav-menu,ui-save-bar,ui-title-bar{display:none}
`)];
