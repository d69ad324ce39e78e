/** Types of what Vite hands to the renderer. */
/// <reference types="vite/client" />
