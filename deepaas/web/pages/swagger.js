// Starts Swagger UI on the document that the page names. In a file of its own, since the page's
// Content-Security-Policy allows no script inside the page.
"use strict";

const place = document.getElementById("swagger-ui");

const dark = window.matchMedia("(prefers-color-scheme: dark)");
const followColourScheme = () =>
  document.documentElement.classList.toggle("dark-mode", dark.matches);
dark.addEventListener("change", followColourScheme);
followColourScheme();

// Swagger UI's own reader of deep links logs an error for each link with an underscore in it,
// where it suspects a space; each of our paths has one.
const deepLinks = () => ({
  statePlugins: {
    layout: {
      wrapActions: {
        parseDeepLinkHash: (_original, { layoutActions, layoutSelectors }) => (hash) => {
          const parts = hash.replace(/^#!?\/?/, "").split("/");
          const key = layoutSelectors.isShownKeyFromUrlHashArray(parts);
          layoutActions.show(key, true);
          layoutActions.scrollTo(key);
          layoutActions.scrollToVirtualizedOperation?.(key);
        },
      },
    },
  },
});

// Optional fields of a form are left out unless somebody ticks "Send empty value": an empty text is
// no file and no number.
const emptyFieldsAreNotSent = () => ({
  wrapComponents: {
    ParameterIncludeEmpty: (Original, { React }) => (props) =>
      React.createElement(Original, {
        ...props,
        isIncludedOptions: { ...props.isIncludedOptions, defaultValue: false },
      }),
  },
});

window.ui = SwaggerUIBundle({
  domNode: place,
  url: new URL(place.dataset.spec, document.baseURI).href,
  validatorUrl: null,
  queryConfigEnabled: false,
  deepLinking: true,
  plugins: [deepLinks, emptyFieldsAreNotSent],
  tryItOutEnabled: true,
  displayRequestDuration: true,
  // What a browser must not open by itself is shown here all the same: as text, or as a picture.
  responseInterceptor: (response) => {
    if (response.headers?.["content-disposition"] === "attachment") {
      delete response.headers["content-disposition"];
    }
    return response;
  },
  defaultModelsExpandDepth: 0,
});
