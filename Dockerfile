FROM node:20-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc tsconfig.json tsconfig.build.json knexfile.ts ./
COPY src ./src
# `npm ci` also builds (the prepare script); afterwards only what runs is kept.
RUN npm ci && chmod +x dist/src/cli/main.js && npm prune --omit=dev --ignore-scripts

FROM node:20-bookworm-slim
ENV NODE_ENV=production HOST=0.0.0.0 DATA_DIR=/var/lib/kickwatch
WORKDIR /app
COPY --from=build /app/package.json ./
COPY --from=build /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
COPY snippets ./snippets
COPY autoinstall ./autoinstall
RUN install -d -o node -g node -m 0700 /var/lib/kickwatch && ln -s /app/dist/src/cli/main.js /usr/local/bin/kickwatch
USER node
VOLUME /var/lib/kickwatch
EXPOSE 25151 5514/tcp 5514/udp
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT||25151}/readyz`).then(r=>process.exit(r.ok?0:1),()=>process.exit(1))"]
CMD ["node", "dist/src/main.js"]
