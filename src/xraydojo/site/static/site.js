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

// Japanese: a sentence that Sphinx's catalogue lacks, and the reader's own words highlighted, not the pairs by which they are found.
document.addEventListener('DOMContentLoaded', () => {
  if (typeof Search === 'undefined' || document.documentElement.lang !== 'ja') return;
  Documentation.TRANSLATIONS['Search finished, found one page matching the search query.'] = ['${resultCount} ページ見つかりました。'];
  const parse = Search._parseQuery;
  Search._parseQuery = query => {
    const parsed = parse(query);
    const words = query.toLowerCase().trim().split(/\s+/);
    parsed[3] = new Set(words);
    localStorage.setItem('sphinx_highlight_terms', words.join(' '));
    return parsed;
  };
});
