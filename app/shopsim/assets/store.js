// The checkout works without this: it only spares pressing "update".
document.querySelector('form.cogrid')?.addEventListener('change', (e) => {
  if (!e.target.matches('[data-update]')) return;
  sessionStorage.setItem('checkout-scroll', String(scrollY));
  e.currentTarget.requestSubmit(document.getElementById('update'));
});
const kept = sessionStorage.getItem('checkout-scroll');
if (kept) {
  sessionStorage.removeItem('checkout-scroll');
  scrollTo(0, Number(kept));
}
