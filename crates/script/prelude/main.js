door.register((kind, text, bytes) => { });
