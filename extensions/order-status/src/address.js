// The app's own address: application_url in shopify.app.toml, which a test compares.
export const APP_URL = 'https://app.afterglow.example';
