package io.github.redlock.sample.demo;

import java.awt.image.BufferedImage;
import java.awt.image.DataBuffer;
import java.awt.image.IndexColorModel;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

import javax.imageio.ImageIO;

/**
 * Makes a picture of flat areas and text small: 256 colours, the most frequent ones.
 */
final class SmallPicture {

	private static final int COLORS = 256;

	private SmallPicture() {
	}

	static void make(Path file) {
		try {
			BufferedImage picture = ImageIO.read(file.toFile());
			Map<Integer, Integer> counts = new HashMap<>();
			for (int pixel : picture.getRGB(0, 0, picture.getWidth(), picture.getHeight(), null, 0,
					picture.getWidth())) {
				counts.merge(pixel, 1, Integer::sum);
			}
			List<Integer> palette = counts.entrySet()
				.stream()
				.sorted(Map.Entry.<Integer, Integer>comparingByValue(Comparator.reverseOrder()))
				.limit(COLORS)
				.map(Map.Entry::getKey)
				.toList();
			int[] colors = palette.stream().mapToInt(Integer::intValue).toArray();
			IndexColorModel model = new IndexColorModel(8, colors.length, colors, 0, false, -1, DataBuffer.TYPE_BYTE);
			BufferedImage small = new BufferedImage(picture.getWidth(), picture.getHeight(),
					BufferedImage.TYPE_BYTE_INDEXED, model);
			Map<Integer, Integer> nearest = new HashMap<>();
			for (int y = 0; y < picture.getHeight(); y++) {
				for (int x = 0; x < picture.getWidth(); x++) {
					int index = nearest.computeIfAbsent(picture.getRGB(x, y), (pixel) -> nearest(colors, pixel));
					small.getRaster().setSample(x, y, 0, index);
				}
			}
			ImageIO.write(small, "png", file.toFile());
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	private static int nearest(int[] colors, int pixel) {
		int nearest = 0;
		for (int i = 1; i < colors.length; i++) {
			if (distance(colors[i], pixel) < distance(colors[nearest], pixel)) {
				nearest = i;
			}
		}
		return nearest;
	}

	private static int distance(int a, int b) {
		int sum = 0;
		for (int shift = 0; shift < 24; shift += 8) {
			int difference = (a >> shift & 0xff) - (b >> shift & 0xff);
			sum += difference * difference;
		}
		return sum;
	}

}
