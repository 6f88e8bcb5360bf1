import { createRoot } from 'react-dom/client';
import { App } from './shell/app';
import { ahead } from './shell/resource';
import { listenForLinks } from './shell/router';
import { match } from './shell/routes';
import './shell/shell.css';

listenForLinks();
// The screen's code, its data and the session come side by side.
const first = match(window.location.pathname)?.route;
void first?.load();
first?.ahead?.forEach(ahead);
createRoot(document.getElementById('root')!).render(<App />);
