// An extension of JupyterLab: a Markdown preview that the learner comes back to is read from the disk again.
// JupyterLab reads a file once, when it is opened; the start page changes after every check.
(function () {
  function renew(widget) {
    const context = widget && widget.context;
    if (!context || !context.isReady || context.model.dirty) return;
    if (!/(^|\/)(start_here|はじめに)\.md$/.test(context.path)) return;
    context.revert().catch(() => {});
  }
  const plugin = {
    id: 'xraydojo:start-page',
    autoStart: true,
    activate: app => {
      app.shell.currentChanged.connect((_, change) => renew(change.newValue));
      window.addEventListener('focus', () => renew(app.shell.currentWidget));
    }
  };
  window._JUPYTERLAB = window._JUPYTERLAB || {};
  window._JUPYTERLAB.xraydojo = {
    init: () => {},
    get: () => Promise.resolve(() => ({ __esModule: true, default: plugin }))
  };
})();
