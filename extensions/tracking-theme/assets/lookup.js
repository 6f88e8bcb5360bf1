// The look-up without leaving the page. The form works without this: it then
// goes to the app's page. Loaded once however many blocks are on a page.
(() => {
  if (window.afterglowLookup) return;
  window.afterglowLookup = true;

  const say = (form, key) => {
    const note = form.querySelector('[data-afterglow-note]');
    note.textContent = form.dataset[key];
    note.dataset.state = key;
    note.focus();
  };

  const ask = async (form) => {
    const button = form.querySelector('[type=submit]');
    button.disabled = true;
    try {
      const headers = {Accept: 'application/json'};
      const body = new URLSearchParams(new FormData(form));
      // What a page of somebody else's cannot read, and so cannot send.
      const key = await fetch(form.action, {headers});
      if (key.ok) body.set('form_key', (await key.json()).form_key);
      const answer = await fetch(form.action, {method: 'POST', headers, body});
      const told = answer.ok ? 'sent' : answer.status === 429 ? 'limited' : answer.status < 500 ? 'incomplete' : 'failed';
      if (told === 'sent') form.reset();
      say(form, told);
    } catch {
      say(form, 'failed');
    }
    button.disabled = false;
  };

  document.addEventListener('submit', (event) => {
    if (!event.target.matches?.('[data-afterglow-lookup]')) return;
    event.preventDefault();
    ask(event.target);
  });

  document.addEventListener('click', (event) => {
    const opener = event.target.closest?.('[data-afterglow-open]');
    const dialog = opener?.parentElement.querySelector('dialog');
    const plain = event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey && !event.altKey;
    if (dialog?.showModal && plain) {
      event.preventDefault();
      dialog.showModal(); // puts the focus inside, and back when it closes
      dialog.querySelector('input:not([type=hidden])').focus();
    } else if (event.target.closest?.('[data-afterglow-close]') || event.target.matches?.('.afterglow-dialog')) {
      event.target.closest('dialog').close();
    }
  });
})();
