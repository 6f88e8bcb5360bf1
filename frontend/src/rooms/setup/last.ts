/** The newest order, to see everything on. */
export const lastOrderPath = '/orders?limit=1';
