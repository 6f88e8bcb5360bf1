import type { ReactNode } from 'react';

// App Bridge's types still extend the global JSX namespace, which React 19 left.
declare module 'react' {
  namespace JSX {
    interface IntrinsicElements {
      's-app-nav': { children?: ReactNode };
      'ui-save-bar': { id?: string; children?: ReactNode };
    }
  }
  // The two buttons of ui-save-bar.
  interface ButtonHTMLAttributes<T> extends HTMLAttributes<T> {
    variant?: 'primary';
    loading?: '' | undefined;
  }
}
