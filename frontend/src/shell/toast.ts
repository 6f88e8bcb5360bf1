/** A short message: the admin's own toast where there is one, and always said to screen readers. */
export function toast(message: string, isError = false) {
  announce(message);
  if (typeof shopify !== 'undefined' && shopify.environment?.embedded !== false) {
    shopify.toast.show(message, { isError });
    return;
  }
  const host = document.getElementById('toasts');
  if (!host) return;
  const bubble = document.createElement('div');
  bubble.className = isError ? 'toast toast-error' : 'toast';
  bubble.textContent = message;
  host.replaceChildren(bubble);
  setTimeout(() => bubble.remove(), 5000);
}

/** Said politely by screen readers, seen by nobody. The element is in the shell for good. */
export function announce(message: string) {
  const region = document.getElementById('announcer');
  if (!region) return;
  region.textContent = '';
  requestAnimationFrame(() => {
    region.textContent = message;
  });
}
