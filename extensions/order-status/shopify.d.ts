import '@shopify/ui-extensions/preact';

// The global that Shopify gives an extension of this target.
declare module './src/OrderStatusBlock.jsx' {
  const shopify: import('@shopify/ui-extensions/customer-account.order-status.block.render').Api;
  const globalThis: {shopify: typeof shopify};
}
