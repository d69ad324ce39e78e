/** Of the product; package.json says the same (a test holds them together). */
export const BUSBAR_VERSION = '0.1.0';
