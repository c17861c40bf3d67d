// What is wider than the page can be scrolled by keyboard, too.
(function () {
  function reach() {
    document.querySelectorAll('pre, .table-wrapper, .text_html, mjx-container[display="true"]').forEach(part => {
      if (part.scrollWidth > part.clientWidth + 1) part.tabIndex = 0;
      else part.removeAttribute('tabindex');
    });
  }
  window.addEventListener('load', reach);
  window.addEventListener('resize', reach);
})();

// Sphinx's Japanese catalogue lacks this one.
if (typeof Documentation !== 'undefined' && document.documentElement.lang === 'ja') {
  Documentation.TRANSLATIONS['Search finished, found one page matching the search query.'] = ['${resultCount} ページ見つかりました。'];
}
