import { createRoot } from 'react-dom/client';
import { App } from './shell/app';
import { listenForLinks } from './shell/router';
import { match } from './shell/routes';
import './shell/shell.css';

listenForLinks();
// The screen's code and the session come side by side.
void match(window.location.pathname)?.route.load();
createRoot(document.getElementById('root')!).render(<App />);
