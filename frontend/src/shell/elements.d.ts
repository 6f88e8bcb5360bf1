import type { ReactNode } from 'react';

// App Bridge's types still extend the global JSX namespace, which React 19 left.
declare module 'react' {
  namespace JSX {
    interface IntrinsicElements {
      's-app-nav': { children?: ReactNode };
    }
  }
  interface FormHTMLAttributes<T> extends HTMLAttributes<T> {
    'data-save-bar'?: boolean | string;
  }
}
