/** Composition root of the window: opens the way to the host, then starts the workbench with its pages. */
import '@fontsource-variable/inter/index.css';
import '@fontsource-variable/jetbrains-mono/index.css';
import './ui/base.css';
import { openHostPipe } from './host/openHost.ts';
import { hostPortOver } from './host/hostPort.ts';
import { pages } from './pages.ts';
import { startWorkbench } from './workbench/startWorkbench.ts';

// Before the router: it takes the token out of the address.
const host = hostPortOver(openHostPipe());
startWorkbench({ host, pages, element: document.querySelector('#app')! });
